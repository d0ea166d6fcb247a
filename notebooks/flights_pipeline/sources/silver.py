"""Silver: typed rows that keep the rules; the others stand beside them, with their reasons."""

from pyspark import pipelines as dp

# What looks odd but is true is no error: a cancelled flight has no departure time.
FLIGHTS = {
    "who departs arrives": "dep_time IS NULL OR arr_time IS NOT NULL",
    "who arrives was in the air": "arr_time IS NULL OR air_time IS NOT NULL",
    "at most 600 miles an hour": "coalesce(distance * 60 <= 600 * air_time, true)",
    "departs and lands in two places": "origin <> dest",
}
WEATHER = {
    "wind of at most 250 miles an hour": "coalesce(wind_speed <= 250, true)",
    "thermometer in order": "temp IS NOT NULL",
}


@dp.table(comment="Flights that keep the rules")
@dp.expect_all_or_quarantine(FLIGHTS)
def flights():
    return spark.readStream.table("flights_bronze.flights").selectExpr(
        "make_date(year, month, day) AS flight_date",
        "int(hour) AS hour",
        "time_hour",
        "carrier",
        "int(flight) AS flight",
        "tailnum",
        "origin",
        "dest",
        "int(distance) AS distance",
        "dep_time IS NULL AS cancelled",
        "int(dep_time) AS dep_time",
        "int(arr_time) AS arr_time",
        "int(dep_delay) AS dep_delay",
        "int(arr_delay) AS arr_delay",
        "int(air_time) AS air_time",
    )


@dp.table(comment="Weather that keeps the rules")
@dp.expect_all_or_quarantine(WEATHER)
def weather():
    return spark.readStream.table("flights_bronze.weather").selectExpr(
        "origin",
        "time_hour",
        "float(temp) AS temp",
        "float(humid) AS humid",
        "float(wind_speed) AS wind_speed",
        "float(precip) AS precip",
        "float(visib) AS visib",
    )


@dp.materialized_view(comment="Every flight with its airline, plane, destination and weather")
def flights_enriched():
    airlines = spark.table("flights_bronze.airlines").selectExpr("carrier", "name AS airline")
    planes = spark.table("flights_bronze.planes").selectExpr(
        "tailnum", "manufacturer", "int(year) AS built", "int(seats) AS seats"
    )
    airports = spark.table("flights_bronze.airports").selectExpr("faa AS dest", "name AS dest_name")
    return (
        spark.table("flights")
        .join(airlines, "carrier", "left")
        .join(planes, "tailnum", "left")
        .join(airports, "dest", "left")
        .join(spark.table("weather"), ["origin", "time_hour"], "left")
    )
