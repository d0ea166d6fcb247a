"""Tests of the notebooks beside this file; `testing.ipynb` tells of them."""

ORDER = "order_id BIGINT, country STRING, amount DOUBLE"
ORDERS = [(1, "AT", 5.0), (2, "AT", 2.5), (3, "FR", 8.0), (4, "FR", None), (5, "AT", 0.5)]


def test_revenue_is_by_country(notebook):
    done = notebook("revenue.ipynb", {"least": 1}, tables={"orders": (ORDERS, ORDER)})
    assert done.tables["revenue"].to_numpy().tolist() == [["AT", 7.5], ["FR", 8.0]]
    assert done.task_values == {"without_amount": 1}


def test_without_a_rate_nothing_is_published(notebook):
    done = notebook("shop_publish.ipynb", raises="ValueError")
    assert "no exchange rate of 2026-01-05" in done.error.message


def test_the_sum_is_published(notebook):
    loaded = {"load": {"by_country": {"AT": [5.0, 2.5], "FR": [8.0]}}}
    done = notebook("shop_publish.ipynb", {"rate": "2"}, task_values=loaded)
    assert done.exit_value == "31.00 dollars on 2026-01-05"
