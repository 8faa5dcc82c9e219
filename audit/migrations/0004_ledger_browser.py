"""Reading the ledger: by time, person, verb and words of the reason; sign-ins; kept searches."""

import audit.models.entry
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0003_recorded'),
    ]

    operations = [
        TrigramExtension(),
        migrations.CreateModel(
            name='AccessEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('username', models.CharField(max_length=64)),
                ('outcome', models.CharField(choices=[('signed_in', 'Signed in'), ('failed', 'Failed'), ('locked', 'Locked'), ('signed_out', 'Signed out')], max_length=16)),
                ('origin', models.CharField(max_length=64)),
                ('path', models.CharField(max_length=200)),
                ('agent', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'ordering': ('-at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='SavedSearch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60)),
                ('filters', models.JSONField(default=dict)),
                ('saved_at', models.DateTimeField()),
            ],
            options={
                'ordering': ('name',),
            },
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='reason',
            field=models.GeneratedField(db_persist=True, expression=audit.models.entry.ReasonOf('entry', models.Value('"origin":"(?:[^"\\\\]|\\\\.)*","reason":"((?:[^"\\\\]|\\\\.)*)"')), output_field=models.TextField(null=True)),
        ),
        migrations.AddIndex(
            model_name='ledgerentry',
            index=models.Index(fields=['recorded_at', 'id'], name='ledger_by_time'),
        ),
        migrations.AddIndex(
            model_name='ledgerentry',
            index=models.Index(fields=['actor_id', 'recorded_at', 'id'], name='ledger_by_person'),
        ),
        migrations.AddIndex(
            model_name='ledgerentry',
            index=models.Index(fields=['verb', 'recorded_at', 'id'], name='ledger_by_verb'),
        ),
        migrations.AddIndex(
            model_name='ledgerentry',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('reason'), 'gin_trgm_ops'), condition=models.Q(('reason__gt', '')), name='ledger_by_reason'),
        ),
        migrations.AddField(
            model_name='accessevent',
            name='user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='savedsearch',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='accessevent',
            index=models.Index(fields=['at', 'id'], name='access_by_time'),
        ),
        migrations.AddIndex(
            model_name='accessevent',
            index=models.Index(fields=['username', 'at', 'id'], name='access_by_person'),
        ),
        migrations.AddConstraint(
            model_name='savedsearch',
            constraint=models.UniqueConstraint(fields=('person', 'name'), name='search_is_named_once'),
        ),
    ]
