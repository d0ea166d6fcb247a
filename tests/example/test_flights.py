"""The flights job end to end: what it says about a year of flights is what pandas finds."""

from __future__ import annotations

import nbformat
import pandas as pd
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]

GOLD = {"carriers": ["carrier"], "routes": ["origin", "dest"], "delays_by_hour": ["origin", "hour"]}


@pytest.fixture(scope="module")
def good(source):
    """The flights that keep the rules, computed without Spark."""
    flights = source["flights"]
    return flights[~_broken(flights).any(axis=1)]


def _broken(flights: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "departed but never arrived": flights.dep_time.notna() & flights.arr_time.isna(),
            "arrived without air time": flights.arr_time.notna() & flights.air_time.isna(),
            "faster than 600 miles an hour": flights.distance / flights.air_time > 10,
            "departs from where it lands": flights.origin == flights.dest,
        }
    )


def _assert_same(found: pd.DataFrame, expected: pd.DataFrame, keys: list[str]) -> None:
    found = found[[*keys, *expected.columns]].set_index(keys).sort_index()
    pd.testing.assert_frame_equal(found, expected.sort_index(), check_dtype=False)


def test_the_job_serves(first):
    """With few bad rows the If/else goes to serve, and the alert is left out."""
    states = {key: task["state"]["result_state"] for key, task in first.run.tasks.items()}
    assert states.pop("quality_alert") == "EXCLUDED"
    assert set(states.values()) == {"SUCCESS"}


def test_serve_shows_its_charts(first):
    """The reviewer finds the picture in the output notebook."""
    notebook = nbformat.read(first.run.output_notebook("serve"), as_version=4)
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in shown)


def test_every_source_row_is_ingested(first, source):
    """For each of the five tables, bronze has as many rows as the package."""
    digests = first.tables["digests"]
    for table, rows in source.items():
        assert digests[f"bronze.{table}"].startswith(f"Row(count(1)={len(rows)},")


def test_carriers(first, good):
    """Flights, cancellations and delays per airline are what pandas computes."""
    groups = good.groupby("carrier")
    expected = pd.DataFrame(
        {
            "flights": groups.size(),
            "cancelled": groups.dep_time.apply(lambda times: times.isna().sum()),
            "mean_dep_delay": groups.dep_delay.mean(),
            "mean_arr_delay": groups.arr_delay.mean(),
            "on_time": groups.arr_delay.apply(lambda delays: (delays.dropna() < 15).mean()),
        }
    )
    _assert_same(first.gold("carriers"), expected, ["carrier"])


def test_routes(first, good):
    """Traffic, distance and time in the air per route are what pandas computes."""
    groups = good.groupby(["origin", "dest"])
    expected = pd.DataFrame(
        {
            "flights": groups.size(),
            "miles": groups.distance.max(),
            "mean_air_time": groups.air_time.mean(),
            "mean_arr_delay": groups.arr_delay.mean(),
        }
    )
    _assert_same(first.gold("routes"), expected, ["origin", "dest"])


def test_delays_by_hour(first, good, source):
    """Delays per hour, and the weather joined to them, are what pandas computes."""
    weather = source["weather"]
    weather = weather[~(weather.wind_speed > 250) & weather.temp.notna()]
    joined = good.merge(weather[["origin", "time_hour", "visib"]], "left", ["origin", "time_hour"])
    groups = joined.groupby(["origin", "hour"])
    expected = pd.DataFrame(
        {
            "flights": groups.size(),
            "mean_dep_delay": groups.dep_delay.mean(),
            "late": groups.dep_delay.apply(lambda delays: (delays.dropna() >= 15).mean()),
            "mean_visibility": groups.visib.mean(),
        }
    )
    _assert_same(first.gold("delays_by_hour"), expected, ["origin", "hour"])


def test_nothing_is_dropped_silently(first, source, good):
    """Rows in are rows good plus rows in quarantine, and each reason has the rows pandas finds."""
    flights, weather = source["flights"], source["weather"]
    value = first.run.value
    assert value("clean", "rows") == len(flights) + len(weather)
    assert value("clean", "quarantined") == len(flights) - len(good) + 2
    assert value("clean", "quarantine_rate") == pytest.approx(
        value("clean", "quarantined") / value("clean", "rows"), abs=1e-6
    )
    expected = {reason: int(rows) for reason, rows in _broken(flights).sum().items() if rows}
    expected |= {"wind above 250 miles an hour": 1, "thermometer out of order": 1}
    assert first.tables["reasons"] == expected


def test_joins_report_their_coverage(first, good, source):
    """The share of flights with a known plane and airport is what pandas computes."""
    coverage = first.run.value("transform", "coverage")
    assert coverage["airline"] == 1
    assert coverage["plane"] == pytest.approx(
        good.tailnum.isin(source["planes"].tailnum).mean(), abs=1e-4
    )
    assert coverage["airport"] == pytest.approx(
        good.dest.isin(source["airports"].faa).mean(), abs=1e-4
    )


def test_a_second_run_gives_the_same_tables(first, second):
    """Running twice changes nothing but the time of loading."""
    assert second.tables["digests"] == first.tables["digests"]
    assert second.tables["reasons"] == first.tables["reasons"]
    for name, keys in GOLD.items():
        _assert_same(second.gold(name), first.gold(name).set_index(keys), keys)


def test_too_many_bad_rows_raise_an_alert(strict, source):
    """When the quarantine is fuller than allowed, the alert runs instead of serve."""
    states = {key: task["state"]["result_state"] for key, task in strict.run.tasks.items()}
    assert states["serve"] == "EXCLUDED"
    assert states["quality_alert"] == "SUCCESS"
    assert "0.00% is allowed" in strict.run.exit_value("quality_alert")
    february = source["flights"].query("month == 2")
    assert strict.gold("carriers").flights.sum() <= len(february)
    assert strict.run.value("clean", "rows") == len(february) + len(
        source["weather"].query("month == 2")
    )
