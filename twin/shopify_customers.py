"""Shopify's customers_export and products_export files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from twin import traces
from twin.arrays import Bools, Ints, chosen, kept, stream
from twin.company import Company
from twin.exports import CsvFile, columns_of, unquoted
from twin.newsletters import Newsletter
from twin.orders import Orders

CUSTOMERS_HEADER = columns_of(
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,"
    "Default Address Address2,Default Address City,Default Address Province Code,Default Address Country Code,"
    "Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,"
    "Tags"
)
# Widely used, but not compared with a real file: the shop's own template for products.
PRODUCTS_HEADER = columns_of(
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,"
    "Variant Grams,Variant Inventory Tracker,Variant Inventory Policy,Variant Fulfillment Service,Variant Price,"
    "Variant Compare At Price,Variant Requires Shipping,Variant Taxable,Variant Barcode,Gift Card,Cost per item,"
    "Status"
)


def account_ids(company: Company) -> Ints:
    """Shopify's id of the account of each person; only valid where there is one."""
    return 7_210_000_000_000 + np.arange(company.people.count) * 32_768


def write_customers(folder: Path, company: Company, newsletter: Newsletter, orders: Orders) -> pl.DataFrame:
    """Write the accounts; returns their truth: source_id and the person's id as true_id."""
    has_account = company.presence.has_account
    index = pl.Series(np.flatnonzero(has_account))
    spent, count = _bought_with_account(company, orders)
    source_id = pl.Series(account_ids(company)).cast(pl.String)
    people = traces.held(company, traces.ACCOUNTS)
    frame = people.with_columns(
        pl.Series("id", "'" + source_id),
        pl.Series("accepts", accepts_in_shop(company, newsletter)),
        pl.Series("spent", spent / 100),
        pl.Series("orders", count),
        chosen(("Stammkunde, VIP", "Neukunde"), np.where(count > 9, 0, 1), (count > 9) | (count == 1)).alias("tags"),
    )
    frame = frame.with_columns(pl.lit(None, pl.String).alias("nothing"), pl.lit("no").alias("no"))
    texts = chosen(("no", "yes"), company.presence.accepts_texts.astype(np.int64)).alias("texts")
    frame = frame.with_columns(texts)
    cells = (
        *("id", "first_name", "last_name", "email", "accepts", "company_name", "street", "nothing", "city"),
        *("nothing", "country", "postcode", "phone", "phone", "texts", "spent", "orders", "nothing", "no", "tags"),
    )
    columns = [pl.col(cell).gather(index).alias(name) for name, cell in zip(CUSTOMERS_HEADER, cells, strict=True)]
    with CsvFile(folder / "customers_export.csv", unquoted(CUSTOMERS_HEADER)) as csv:
        csv.write(frame.select(columns))
    return pl.DataFrame(
        {
            "source_id": source_id.gather(index),
            "true_id": frame["person_id"].gather(index),
            "trap": frame["trap"].gather(index),
        }
    )


def accepts_in_shop(company: Company, newsletter: Newsletter) -> pl.Series:
    """What the shop holds for consent to e-mails: it hears only of half of those who left the newsletter."""
    rng = stream(company.seed, "consent in shop")
    hears: Bools = rng.random(company.people.count) < 0.5
    accepts = company.presence.is_member & ~((newsletter.left_with >= 0) & hears)
    return chosen(("no", "yes"), accepts.astype(np.int64))


def _bought_with_account(company: Company, orders: Orders) -> tuple[Ints, Ints]:
    """Cents spent, less refunds, and orders that each person placed with the e-mail address of its account."""
    is_counted = company.presence.has_account[orders.person] & ~orders.uses_second_email & ~orders.is_in_store
    person, size = orders.person[is_counted], company.people.count
    net = (orders.total - orders.refunded)[is_counted]
    spent = np.bincount(person, weights=net, minlength=size)
    return np.rint(spent).astype(np.int64), np.bincount(person, minlength=size).astype(np.int64)


def write_products(folder: Path, company: Company) -> int:
    """Write the articles with their categories (as Type), prices and costs; returns their number."""
    goods = company.goods
    article = np.arange(len(goods.skus))
    prices = goods.prices / 100
    net_cost = np.floor(goods.prices * (1 - company.parameters.margin_rate) / 1.19) / 100
    known = {
        "Handle": "artikel-" + pl.Series(goods.skus).str.to_lowercase(),
        "Title": pl.Series(goods.names),
        "Vendor": pl.Series(goods.makers),
        "Type": chosen(goods.categories, article // goods.per_category),
        "Published": chosen(("true",), np.zeros_like(article)),
        "Option1 Name": chosen(("Title",), np.zeros_like(article)),
        "Option1 Value": chosen(("Default Title",), np.zeros_like(article)),
        "Variant SKU": pl.Series(goods.skus),
        "Variant Price": pl.Series(prices),
        "Variant Requires Shipping": chosen(("true",), np.zeros_like(article)),
        "Variant Taxable": chosen(("true",), np.zeros_like(article)),
        "Gift Card": chosen(("false",), np.zeros_like(article)),
        "Cost per item": pl.Series(net_cost),
        "Status": chosen(("active",), np.zeros_like(article)),
    }
    nothing = kept(known["Title"], np.zeros(article.size, dtype=np.bool_))
    with CsvFile(folder / "products_export.csv", unquoted(PRODUCTS_HEADER)) as csv:
        csv.write(pl.DataFrame({name: known.get(name, nothing) for name in PRODUCTS_HEADER}))
    return csv.rows
