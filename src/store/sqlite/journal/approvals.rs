//! Approvals of plans.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use crate::remediate::Approval;
use crate::store::sqlite::audit;
use crate::store::sqlite::fault::{Db, conflict};
use crate::store::sqlite::value::{json, nanos, parse, time};
use crate::types::PlanHash;

pub(super) fn put(tx: &Transaction<'_>, approval: &Approval) -> Db<()> {
    let Approval { plan, operations, approver, at, expires_at } = approval;
    if expires_at <= at {
        return conflict("an approval must expire after it is given");
    }
    if approver.is_empty() {
        return conflict("an approval needs somebody who gives it");
    }
    tx.execute(
        "INSERT INTO approval (plan, approver, at, expires_at, operations) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (plan, approver) DO UPDATE
         SET at = excluded.at, expires_at = excluded.expires_at, operations = excluded.operations",
        params![plan.as_str(), approver, nanos(*at), nanos(*expires_at), json(operations)?],
    )?;
    audit::append(
        tx,
        *at,
        approver,
        "plan.approve",
        plan.as_str(),
        &serde_json::json!({"expires_at": expires_at, "operations": operations}),
    )?;
    Ok(())
}

/// Those that count now, the first given first.
pub(super) fn valid(connection: &Connection, now: Timestamp) -> Db<Vec<Approval>> {
    let mut statement = connection.prepare_cached(
        "SELECT plan, approver, at, expires_at, operations FROM approval WHERE expires_at > ?1 ORDER BY at, plan, approver",
    )?;
    let mut rows = statement.query([nanos(now)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(Approval {
            plan: PlanHash::from(row.get::<_, String>(0)?),
            approver: row.get(1)?,
            at: time(row.get(2)?),
            expires_at: time(row.get(3)?),
            operations: parse(&row.get::<_, String>(4)?)?,
        });
    }
    Ok(found)
}
