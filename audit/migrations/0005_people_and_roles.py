"""Roles are asked for and approved, reviewed, and need training; an account is one person's."""

import django.db.models.deletion
import django.db.models.functions.text
import simple_history.models
from django.conf import settings
from django.db import migrations, models

# The pairs of ``audit.permissions.CONFLICTS``, each in alphabetical order.
DUTIES = """
CREATE FUNCTION onelot_role_is_given() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE other text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('duties', NEW.user_id));
    SELECT role INTO other FROM audit_rolegrant
        WHERE user_id = NEW.user_id AND revoked_at IS NULL
          AND (CASE WHEN role COLLATE "C" < NEW.role COLLATE "C"
               THEN role || '+' || NEW.role ELSE NEW.role || '+' || role END) = ANY ('{
            admin+engineer, admin+operator, admin+planner, admin+qa,
            admin+qp, admin+service, admin+verifier, engineer+qa,
            engineer+service, operator+qa, operator+qp, operator+service,
            planner+service, qa+service, qp+service, service+verifier
          }');
    IF FOUND THEN
        RAISE EXCEPTION 'one person may not be both % and %', NEW.role, other
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.request_id IS NULL THEN
        IF NOT EXISTS (
            SELECT FROM audit_user WHERE id = NEW.granted_by_id AND kind = 'service'
        ) THEN
            RAISE EXCEPTION 'a person gives a role only after another asked for it'
                USING ERRCODE = 'check_violation';
        END IF;
    ELSIF NOT EXISTS (
        SELECT FROM audit_rolerequest asked
         WHERE asked.id = NEW.request_id AND asked.state = 'approved'
           AND asked.user_id = NEW.user_id AND asked.role = NEW.role
           AND asked.site_id IS NOT DISTINCT FROM NEW.site_id
           AND asked.decided_by_id = NEW.granted_by_id
    ) THEN
        RAISE EXCEPTION 'the role is not the one that was asked for and approved'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER duties BEFORE INSERT ON audit_rolegrant
    FOR EACH ROW EXECUTE FUNCTION onelot_role_is_given();
CREATE FUNCTION onelot_role_only_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.revoked_at IS NOT NULL
       OR to_jsonb(NEW) - '{revoked_at,revoked_by_id,revoke_reason}'::text[]
          IS DISTINCT FROM to_jsonb(OLD) - '{revoked_at,revoked_by_id,revoke_reason}'::text[]
    THEN
        RAISE EXCEPTION 'a role that was given only ends' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER only_ends BEFORE UPDATE ON audit_rolegrant
    FOR EACH ROW EXECUTE FUNCTION onelot_role_only_ends();
CREATE FUNCTION onelot_account_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.username, NEW.employee_id, NEW.kind)
       IS DISTINCT FROM (OLD.id, OLD.username, OLD.employee_id, OLD.kind)
    THEN
        RAISE EXCEPTION 'an account is its person''s' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.is_active AND NOT OLD.is_active THEN
        RAISE EXCEPTION 'a closed account never opens again' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER account_stays BEFORE UPDATE ON audit_user
    FOR EACH ROW EXECUTE FUNCTION onelot_account_stays();
"""
UNDO = """
DROP TRIGGER account_stays ON audit_user;
DROP FUNCTION onelot_account_stays();
DROP TRIGGER only_ends ON audit_rolegrant;
DROP FUNCTION onelot_role_only_ends();
DROP TRIGGER duties ON audit_rolegrant;
DROP FUNCTION onelot_role_is_given();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0004_ledger_browser'),
    ]

    operations = [
        migrations.CreateModel(
            name='AccessReview',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('listed', models.JSONField()),
                ('listed_digest', models.CharField(max_length=64)),
                ('comment', models.CharField(max_length=1000)),
                ('reviewed_at', models.DateTimeField()),
                ('next_due_on', models.DateField()),
            ],
            options={
                'ordering': ('-reviewed_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='HistoricalRoleRequest',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('role', models.CharField(choices=[('operator', 'operator'), ('verifier', 'verifier'), ('qa', 'qa'), ('qp', 'qp'), ('engineer', 'engineer'), ('planner', 'planner'), ('admin', 'admin'), ('service', 'service')], max_length=16)),
                ('reason', models.CharField(max_length=500)),
                ('state', models.CharField(choices=[('asked', 'asked'), ('approved', 'approved'), ('declined', 'declined'), ('withdrawn', 'withdrawn')], default='asked', max_length=16)),
                ('asked_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('decision_reason', models.CharField(blank=True, max_length=500)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical role request',
                'verbose_name_plural': 'historical role requests',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='RoleRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('operator', 'operator'), ('verifier', 'verifier'), ('qa', 'qa'), ('qp', 'qp'), ('engineer', 'engineer'), ('planner', 'planner'), ('admin', 'admin'), ('service', 'service')], max_length=16)),
                ('reason', models.CharField(max_length=500)),
                ('state', models.CharField(choices=[('asked', 'asked'), ('approved', 'approved'), ('declined', 'declined'), ('withdrawn', 'withdrawn')], default='asked', max_length=16)),
                ('asked_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('decision_reason', models.CharField(blank=True, max_length=500)),
            ],
            options={
                'ordering': ('-asked_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='Training',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('procedure', models.CharField(max_length=40)),
                ('version', models.PositiveIntegerField()),
                ('evidence', models.CharField(max_length=200)),
                ('trained_at', models.DateTimeField()),
                ('valid_until', models.DateTimeField()),
            ],
            options={
                'ordering': ('-trained_at', '-id'),
            },
        ),
        migrations.AddField(
            model_name='historicalrolegrant',
            name='reason',
            field=models.CharField(blank=True, default='', max_length=500),
        ),
        migrations.AddField(
            model_name='historicalrolegrant',
            name='revoke_reason',
            field=models.CharField(blank=True, default='', max_length=500),
        ),
        migrations.AddField(
            model_name='historicalrolegrant',
            name='revoked_by',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='rolegrant',
            name='reason',
            field=models.CharField(blank=True, default='', max_length=500),
        ),
        migrations.AddField(
            model_name='rolegrant',
            name='revoke_reason',
            field=models.CharField(blank=True, default='', max_length=500),
        ),
        migrations.AddField(
            model_name='rolegrant',
            name='revoked_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('username__regex', '^[a-z0-9][a-z0-9._@-]{0,63}$')), name='username_is_plain'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'service'), models.Q(('username__regex', '^(admin|administrator|anonymous|default|demo|engineer|everyone|guest|lab|nurse|operator|owner|pharmacist|pharmacy|planner|production|qa|qc|qp|quality|root|service|shared|shift|staff|super|superuser|supervisor|support|system|team|temp|test|tester|user|verifier)[0-9._@-]*$'), _negated=True), _connector='OR'), name='username_is_no_ones_job'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'service'), ('employee_id__isnull', False), _connector='OR'), name='a_person_is_employed'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Upper('employee_id'), name='employee_is_one_person'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('employee_id', None), ('employee_id__regex', '^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$'), _connector='OR'), name='employee_id_is_plain'),
        ),
        migrations.AddField(
            model_name='accessreview',
            name='reviewed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='accessreview',
            name='site',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='audit.site'),
        ),
        migrations.AddField(
            model_name='historicalrolerequest',
            name='asked_by',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicalrolerequest',
            name='decided_by',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicalrolerequest',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicalrolerequest',
            name='site',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='audit.site'),
        ),
        migrations.AddField(
            model_name='historicalrolerequest',
            name='user',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='rolerequest',
            name='asked_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='rolerequest',
            name='decided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='rolerequest',
            name='site',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='audit.site'),
        ),
        migrations.AddField(
            model_name='rolerequest',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='role_requests', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicalrolerequest',
            name='history_relation',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='audit.rolerequest'),
        ),
        migrations.AddField(
            model_name='historicalrolegrant',
            name='request',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='audit.rolerequest'),
        ),
        migrations.AddField(
            model_name='rolegrant',
            name='request',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='grant', to='audit.rolerequest'),
        ),
        migrations.AddConstraint(
            model_name='rolegrant',
            constraint=models.CheckConstraint(condition=models.Q(('granted_by', models.F('user')), _negated=True), name='nobody_grants_themselves'),
        ),
        migrations.AddConstraint(
            model_name='rolegrant',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('revoked_at', None), ('revoked_by', None)), models.Q(('revoked_at__isnull', False), ('revoked_by__isnull', False)), _connector='OR'), name='a_role_is_taken_by_somebody'),
        ),
        migrations.AddField(
            model_name='training',
            name='trained_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='training',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='trainings', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='rolerequest',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'asked')), fields=('user', 'role', 'site'), name='role_is_asked_for_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='rolerequest',
            constraint=models.CheckConstraint(condition=models.Q(('asked_by', models.F('user')), _negated=True), name='nobody_asks_for_themselves'),
        ),
        migrations.AddConstraint(
            model_name='rolerequest',
            constraint=models.CheckConstraint(condition=models.Q(('decided_by', None), ('state', 'withdrawn'), models.Q(models.Q(('decided_by', models.F('asked_by')), _negated=True), models.Q(('decided_by', models.F('user')), _negated=True)), _connector='OR'), name='another_person_decides'),
        ),
        migrations.AddIndex(
            model_name='training',
            index=models.Index(fields=['user', 'procedure'], name='training_of_a_person'),
        ),
        migrations.AddConstraint(
            model_name='training',
            constraint=models.CheckConstraint(condition=models.Q(('trained_by', models.F('user')), _negated=True), name='nobody_trains_themselves'),
        ),
        migrations.AddConstraint(
            model_name='training',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until__gt', models.F('trained_at'))), name='training_holds_for_a_time'),
        ),
        migrations.RunSQL(DUTIES, UNDO),
    ]
