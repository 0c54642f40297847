//! From the state machine to rows: what a checkpoint writes beside messages.

use serde::Serialize;

use super::db::{Trees, TreesError};
use super::rows::RowChange;
use super::trees::{RowKey, RowPrefix};
use crate::core::record::Row;

/// The rows of the trees that hold what the state machine gave.
///
/// # Errors
/// When the trees cannot be read, to find the rows of a stream that goes.
pub fn row_changes(trees: &Trees, rows: Vec<Row>) -> Result<Vec<RowChange>, TreesError> {
    let mut changes = Vec::with_capacity(rows.len());
    for row in rows {
        add(trees, row, &mut changes)?;
    }
    Ok(changes)
}

fn add(trees: &Trees, row: Row, changes: &mut Vec<RowChange>) -> Result<(), TreesError> {
    match row {
        Row::User(user, record) => changes.push(RowChange::put(RowKey::user(user), &record)),
        Row::Device(user, device, record) => changes.push(put_or_delete(RowKey::device(user, device), record.as_ref())),
        Row::Invite(token, record) => changes.push(put_or_delete(RowKey::invite(&token), record.as_ref())),
        Row::Conversation(id, record) => changes.push(RowChange::put(RowKey::conversation(id), &record)),
        Row::Member(conversation, user, record) => {
            changes.push(put_or_delete(RowKey::membership(user, conversation), record.as_ref().map(|_| &())));
            changes.push(put_or_delete(RowKey::member(conversation, user), record.as_ref()));
        }
        Row::Delivered(conversation, user, device, msgid) => {
            changes.push(put_or_delete(RowKey::delivered(conversation, user, device), msgid.as_ref()));
        }
        Row::Uncounted(conversation, chunk, bytes) => changes.push(RowChange::put(RowKey::uncounted(conversation, chunk), &bytes)),
        Row::Import(conversation, source, cursor) => changes.push(RowChange::put(RowKey::import(conversation, source), &cursor)),
        Row::Send(device, stream, conversation, record) => {
            changes.push(RowChange::put(RowKey::send(device, stream, conversation), &record));
        }
        Row::StreamRemoved(device, stream) => {
            let stored = trees.keys(&RowPrefix::sends_of_stream(device, stream), None, usize::MAX)?;
            changes.extend(stored.into_iter().map(RowChange::delete));
        }
    }
    Ok(())
}

fn put_or_delete<T: Serialize>(key: RowKey, record: Option<&T>) -> RowChange {
    record.map_or_else(|| RowChange::delete(key), |record| RowChange::put(key, record))
}
