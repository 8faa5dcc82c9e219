"""The table of readings, partitioned by day, and the one function by which partitions are made."""

from django.db import migrations

# Columns stand in the order that wastes no padding. The checks refuse NaN as well: to
# PostgreSQL it is greater than infinity.
READINGS = """
CREATE TABLE monitoring_reading (
    at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    value double precision,
    sensor_id integer NOT NULL,
    quality smallint NOT NULL,
    CONSTRAINT one_reading_at_a_time PRIMARY KEY (sensor_id, at),
    CONSTRAINT usable_reading_has_a_value CHECK (value IS NOT NULL OR quality < 0),
    CONSTRAINT reading_is_finite CHECK (value > '-Infinity' AND value < 'Infinity')
) PARTITION BY RANGE (at);

CREATE TABLE monitoring_reading_elsewhen PARTITION OF monitoring_reading DEFAULT;

CREATE FUNCTION monitoring_make_partitions(ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    today date := (now() AT TIME ZONE 'UTC')::date;
    day date;
    wanted text;
    made integer := 0;
BEGIN
    IF ahead IS NULL OR ahead NOT BETWEEN 0 AND 60 THEN
        RAISE EXCEPTION 'partitions are made for at most 60 days ahead';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('monitoring_make_partitions', 0));
    FOR day IN SELECT today + step FROM generate_series(-1, ahead) AS step LOOP
        wanted := 'monitoring_reading_' || to_char(day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass('public.' || wanted) IS NOT NULL;
        BEGIN
            EXECUTE format(
                'CREATE TABLE public.%I PARTITION OF public.monitoring_reading'
                ' FOR VALUES FROM (%L) TO (%L)',
                wanted, day || ' 00:00:00+00', (day + 1) || ' 00:00:00+00');
            made := made + 1;
        EXCEPTION WHEN check_violation THEN
            -- Readings of that day already stand in the default partition; they stay there.
            NULL;
        END;
    END LOOP;
    RETURN made;
END $$;
REVOKE ALL ON FUNCTION monitoring_make_partitions(integer) FROM PUBLIC;
SELECT monitoring_make_partitions(7);
"""

UNDO = """
DROP TABLE monitoring_reading;
DROP FUNCTION monitoring_make_partitions(integer);
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0001_initial")]
    operations = [migrations.RunSQL(READINGS, UNDO)]
