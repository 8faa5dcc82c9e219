"""Signing dialogs that serve once, the statement of accountability, and accounts that are locked."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0005_people_and_roles'),
    ]

    operations = [
        migrations.CreateModel(
            name='SigningChallenge',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('person_id', models.BigIntegerField()),
                ('session', models.CharField(max_length=64)),
                ('subject', models.CharField(max_length=96)),
                ('meaning', models.CharField(max_length=16)),
                ('digest', models.CharField(max_length=64)),
                ('expires_at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.AddField(
            model_name='historicaluser',
            name='locked_after',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='historicaluser',
            name='locked_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='historicaluser',
            name='locked_from',
            field=models.CharField(blank=True, default='', max_length=64),
        ),
        migrations.AddField(
            model_name='user',
            name='locked_after',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='user',
            name='locked_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='locked_from',
            field=models.CharField(blank=True, default='', max_length=64),
        ),
        migrations.CreateModel(
            name='Acceptance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('digest', models.CharField(max_length=64)),
                ('accepted_at', models.DateTimeField()),
                ('origin', models.CharField(blank=True, max_length=64)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acceptances', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('person', 'version', 'digest'), name='statement_is_accepted_once')],
            },
        ),
        # Nothing in it outlives a crash, and no dialog needs the write-ahead log.
        migrations.RunSQL(
            'ALTER TABLE "audit_signingchallenge" SET UNLOGGED',
            'ALTER TABLE "audit_signingchallenge" SET LOGGED',
        ),
    ]
