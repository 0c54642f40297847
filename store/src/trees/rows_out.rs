//! Converting changed state to rows, for a checkpoint.

use serde::Serialize;

use crate::trees::db::{Trees, TreesError};
use crate::trees::rows::RowChange;
use crate::trees::{MetaKey, RowKey, RowPrefix};
use cairn_core::record::Row;

/// Returns the row changes that store `rows`. Reads the trees to find the rows of a removed stream.
pub(crate) fn row_changes(trees: &Trees, rows: Vec<Row>) -> Result<Vec<RowChange>, TreesError> {
    let mut changes = Vec::with_capacity(rows.len());
    for row in rows {
        add(trees, row, &mut changes)?;
    }
    Ok(changes)
}

fn add(trees: &Trees, row: Row, changes: &mut Vec<RowChange>) -> Result<(), TreesError> {
    match row {
        Row::User(user, record) => changes.push(RowChange::put(RowKey::user(user), &record)),
        Row::Device(user, device, record) => {
            changes.push(put_or_delete(RowKey::device(user, device), record.as_ref()))
        }
        Row::Invite(token, record) => {
            changes.push(put_or_delete(RowKey::invite(&token), record.as_ref()))
        }
        Row::Conversation(id, record) => {
            changes.push(RowChange::put(RowKey::conversation(id), &record))
        }
        Row::Group(id, record) => changes.push(put_or_delete(RowKey::group(id), record.as_ref())),
        Row::OpenGroup(id, name) => {
            changes.push(put_or_delete(RowKey::open_group(id), name.as_ref()))
        }
        Row::Members(conversation, chunk, members) => {
            changes.push(put_or_delete(
                RowKey::members(conversation, chunk),
                (!members.is_empty()).then_some(&members),
            ));
        }
        Row::Membership(user, conversation, record) => {
            changes.push(put_or_delete(
                RowKey::membership(user, conversation),
                record.as_ref(),
            ));
        }
        Row::Ended(user, conversation, at) => changes.push(put_or_delete(
            RowKey::ended(user, conversation),
            at.as_ref(),
        )),
        Row::Epochs(epochs) => changes.push(RowChange::put(RowKey::meta(MetaKey::Epochs), &epochs)),
        Row::Uncounted(conversation, chunk, bytes) => changes.push(RowChange::put(
            RowKey::uncounted(conversation, chunk),
            &bytes,
        )),
        Row::Mentions(conversation, user, chunk, bytes) => {
            changes.push(RowChange::put(
                RowKey::mentions(conversation, user, chunk),
                &bytes,
            ));
        }
        Row::Pins(conversation, pins) => changes.push(put_or_delete(
            RowKey::pins(conversation),
            (!pins.is_empty()).then_some(&pins),
        )),
        Row::Retention(conversation, retention) => changes.push(put_or_delete(
            RowKey::retention(conversation),
            retention.as_ref(),
        )),
        Row::Import(conversation, source, cursor) => changes.push(RowChange::put(
            RowKey::import(conversation, source),
            &cursor,
        )),
        Row::SendCursors(device, stream, chunk, cursors) => {
            changes.push(RowChange::put(
                RowKey::cursors(device, stream, chunk),
                &cursors,
            ));
        }
        Row::RecentSends(device, stream, part, sends) => {
            changes.push(RowChange::put(RowKey::recent(device, stream, part), &sends));
        }
        Row::Relations(user, chunk, relations) => {
            changes.push(put_or_delete(
                RowKey::relations(user, chunk),
                (!relations.is_empty()).then_some(&relations),
            ));
        }
        Row::Profile(user, profile) => {
            changes.push(put_or_delete(RowKey::profile(user), profile.as_ref()))
        }
        Row::Setting(name, value) => changes.push(RowChange::put(RowKey::setting(&name), &value)),
        Row::Attachment(hash, record) => {
            let is_unused = record.as_ref().is_some_and(|record| record.uses == 0);
            changes.push(put_or_delete(RowKey::attachment(hash), record.as_ref()));
            changes.push(put_or_delete(
                RowKey::unused(hash),
                is_unused.then_some(&()),
            ));
        }
        Row::Attached(conversation, msgid, hash) => changes.push(put_or_delete(
            RowKey::attached(conversation, msgid),
            hash.as_ref(),
        )),
        Row::AttachmentBytes(user, bytes) => {
            changes.push(put_or_delete(
                RowKey::attachment_bytes(user),
                (bytes > 0).then_some(&bytes),
            ));
        }
        Row::StreamRemoved(device, stream) => {
            for prefix in [
                RowPrefix::cursors_of(device, stream),
                RowPrefix::recent_of(device, stream),
            ] {
                let stored = trees.keys(&prefix, None, usize::MAX)?;
                changes.extend(stored.into_iter().map(RowChange::delete));
            }
        }
    }
    Ok(())
}

fn put_or_delete<T: Serialize>(key: RowKey, record: Option<&T>) -> RowChange {
    record.map_or_else(
        || RowChange::delete(key),
        |record| RowChange::put(key, record),
    )
}
