-- Bronze: the five source tables as their files arrive, each file once, with where it came from.
-- Columns are inferred, kept, and grow with the files; what fits no column is in _rescued_data.

CREATE OR REFRESH STREAMING TABLE flights_bronze.flights
COMMENT 'Every departure from New York City, as it comes'
AS SELECT *, _metadata.file_name AS _source, current_timestamp() AS _ingested_at
FROM STREAM read_files('${landing}/flights',
  format => 'csv', header => true, nullValue => 'NA', inferColumnTypes => true);

CREATE OR REFRESH STREAMING TABLE flights_bronze.weather
COMMENT 'The weather at the three airports, hour by hour'
AS SELECT *, _metadata.file_name AS _source, current_timestamp() AS _ingested_at
FROM STREAM read_files('${landing}/weather',
  format => 'csv', header => true, nullValue => 'NA', inferColumnTypes => true);

CREATE OR REFRESH STREAMING TABLE flights_bronze.airlines
AS SELECT * FROM STREAM read_files('${landing}/airlines', format => 'csv', header => true);

CREATE OR REFRESH STREAMING TABLE flights_bronze.airports
AS SELECT * FROM STREAM read_files('${landing}/airports',
  format => 'csv', header => true, nullValue => 'NA', inferColumnTypes => true);

CREATE OR REFRESH STREAMING TABLE flights_bronze.planes
AS SELECT * FROM STREAM read_files('${landing}/planes',
  format => 'csv', header => true, nullValue => 'NA', inferColumnTypes => true);
