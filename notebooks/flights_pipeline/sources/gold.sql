-- Gold: what people ask for. A flight is on time when it lands less than 15 minutes late, as the
-- US Department of Transportation counts.

CREATE OR REFRESH MATERIALIZED VIEW flights_gold.carriers
(CONSTRAINT `every airline has a name` EXPECT (airline IS NOT NULL))
COMMENT 'One row per airline: how much it flew and cancelled, how late it was'
AS SELECT carrier, airline, count(*) AS flights, count_if(cancelled) AS cancelled,
  avg(dep_delay) AS mean_dep_delay, avg(arr_delay) AS mean_arr_delay,
  avg(int(arr_delay < 15)) AS on_time, avg(seats) AS mean_seats
FROM flights_enriched
GROUP BY carrier, airline;

CREATE OR REFRESH MATERIALIZED VIEW flights_gold.routes
COMMENT 'One row per pair of airports: traffic, distance, time in the air, delay'
AS SELECT origin, dest, dest_name, count(*) AS flights, count_if(cancelled) AS cancelled,
  max(distance) AS miles, avg(air_time) AS mean_air_time, avg(arr_delay) AS mean_arr_delay
FROM flights_enriched
GROUP BY origin, dest, dest_name;

CREATE OR REFRESH MATERIALIZED VIEW flights_gold.delays_by_hour
COMMENT 'One row per airport and scheduled hour: delays pile up as the day goes on'
AS SELECT origin, hour, count(*) AS flights, count_if(cancelled) AS cancelled,
  avg(dep_delay) AS mean_dep_delay, avg(int(dep_delay >= 15)) AS late,
  avg(wind_speed) AS mean_wind_speed, avg(visib) AS mean_visibility
FROM flights_enriched
GROUP BY origin, hour;
