//! Many rows at once: PostgreSQL's `COPY`, in its binary format, as a stream.

use std::pin::pin;
use std::time::SystemTime;

use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, GenericClient};

use super::signed;
use crate::store::Product;
use crate::tier::Tier;

/// A customer in the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tenant {
    pub(crate) id: i32,
    pub(crate) name: String,
    pub(crate) tier: Tier,
    pub(crate) region: &'static str,
}

/// The tenants of the accounts, in the order of [`Tier`].
pub(crate) fn accounts() -> impl Iterator<Item = Tenant> {
    Tier::ALL.into_iter().map(|tier| Tenant {
        id: tier.tenant(),
        name: tier.account().email.to_owned(),
        tier,
        region: "eu-central",
    })
}

/// An order in the books.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PastOrder {
    pub(crate) number: i64,
    pub(crate) tenant: i32,
    pub(crate) placed_at: SystemTime,
    pub(crate) items: Vec<PastItem>,
}

/// One line of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PastItem {
    pub(crate) product: i64,
    pub(crate) quantity: i64,
    pub(crate) price_cents: i64,
}

impl PastOrder {
    pub(crate) fn total_cents(&self) -> i64 {
        self.items.iter().map(|item| item.quantity * item.price_cents).sum()
    }
}

/// Numbers follow from the order of the rows.
pub(crate) async fn products(
    client: &impl GenericClient,
    products: impl Iterator<Item = Product>,
) -> Result<u64, Error> {
    let columns = [Type::TEXT, Type::TEXT, Type::TEXT, Type::INT8, Type::INT8];
    let copy = writer(client, "products (id, name, category, price_cents, stock)", &columns).await?;
    let mut copy = pin!(copy);
    for Product { id, name, category, price, stock } in products {
        let row: [&(dyn ToSql + Sync); 5] = [&id, &name, &category, &signed(price.cents()), &i64::from(stock)];
        copy.as_mut().write(&row).await?;
    }
    copy.finish().await
}

pub(crate) async fn tenants(client: &impl GenericClient, tenants: impl Iterator<Item = Tenant>) -> Result<u64, Error> {
    let columns = [Type::INT4, Type::TEXT, Type::TEXT, Type::TEXT];
    let copy = writer(client, "tenants (id, name, tier, region)", &columns).await?;
    let mut copy = pin!(copy);
    for Tenant { id, name, tier, region } in tenants {
        copy.as_mut().write(&[&id, &name, &tier.account().tier, &region]).await?;
    }
    copy.finish().await
}

/// The orders themselves, without their lines; new ones will be numbered from behind the last.
pub(crate) async fn orders(client: &impl GenericClient, orders: impl Iterator<Item = PastOrder>) -> Result<u64, Error> {
    let columns = [Type::INT8, Type::INT4, Type::INT8, Type::TIMESTAMPTZ];
    let copy = writer(client, "orders (number, tenant, total_cents, placed_at)", &columns).await?;
    let mut copy = pin!(copy);
    for order in orders {
        copy.as_mut().write(&[&order.number, &order.tenant, &order.total_cents(), &order.placed_at]).await?;
    }
    let written = copy.finish().await?;
    let next = "SELECT setval(pg_get_serial_sequence('orders', 'number'), $1, false)";
    client.query_one(next, &[&(signed(written) + 1)]).await?;
    Ok(written)
}

/// The lines of these orders.
pub(crate) async fn order_items(
    client: &impl GenericClient,
    orders: impl Iterator<Item = PastOrder>,
) -> Result<u64, Error> {
    let columns = [Type::INT8, Type::INT2, Type::INT8, Type::INT8, Type::INT8];
    let copy = writer(client, "order_items (order_number, line, product, quantity, price_cents)", &columns).await?;
    let mut copy = pin!(copy);
    for order in orders {
        for (line, item) in (1_i16..).zip(&order.items) {
            copy.as_mut().write(&[&order.number, &line, &item.product, &item.quantity, &item.price_cents]).await?;
        }
    }
    copy.finish().await
}

async fn writer(client: &impl GenericClient, into: &str, columns: &[Type]) -> Result<BinaryCopyInWriter, Error> {
    let sink = client.client().copy_in(&format!("COPY {into} FROM STDIN (FORMAT binary)")).await?;
    Ok(BinaryCopyInWriter::new(sink, columns))
}
