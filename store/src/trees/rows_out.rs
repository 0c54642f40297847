//! Converting changed state to rows, for a checkpoint.

use cairn_proto::ids::{DeviceId, SendStreamId};
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
    let change = match row {
        Row::User(user, record) => RowChange::put(RowKey::user(user), &record),
        Row::Device(user, id, record) => put_or_delete(RowKey::device(user, id), record.as_ref()),
        Row::Link(token, record) => put_or_delete(RowKey::link(&token), record.as_ref()),
        Row::Conversation(id, record) => RowChange::put(RowKey::conversation(id), &record),
        Row::Group(id, record) => put_or_delete(RowKey::group(id), record.as_ref()),
        Row::OpenGroup(id, name) => put_or_delete(RowKey::open_group(id), name.as_ref()),
        Row::Members(id, chunk, members) => {
            let members = (!members.is_empty()).then_some(&members);
            put_or_delete(RowKey::members(id, chunk), members)
        }
        Row::Membership(user, id, record) => {
            put_or_delete(RowKey::membership(user, id), record.as_ref())
        }
        Row::Ended(user, id, at) => put_or_delete(RowKey::ended(user, id), at.as_ref()),
        Row::Epochs(epochs) => RowChange::put(RowKey::meta(MetaKey::Epochs), &epochs),
        Row::Clock(time) => RowChange::put(RowKey::meta(MetaKey::Clock), &time),
        Row::Uncounted(id, chunk, bytes) => RowChange::put(RowKey::uncounted(id, chunk), &bytes),
        Row::Mentions(id, user, chunk, bytes) => {
            put_or_delete(RowKey::mentions(id, user, chunk), bytes.as_ref())
        }
        Row::Audit(number, record) => put_or_delete(RowKey::audit(number), record.as_ref()),
        Row::Pins(id, pins) => put_or_delete(RowKey::pins(id), (!pins.is_empty()).then_some(&pins)),
        Row::Retention(id, retention) => put_or_delete(RowKey::retention(id), retention.as_ref()),
        Row::Import(id, source, cursor) => RowChange::put(RowKey::import(id, source), &cursor),
        Row::SendCursors(device, stream, chunk, cursors) => {
            RowChange::put(RowKey::cursors(device, stream, chunk), &cursors)
        }
        Row::RecentSends(device, stream, part, sends) => {
            RowChange::put(RowKey::recent(device, stream, part), &sends)
        }
        Row::Relations(user, chunk, relations) => {
            let relations = (!relations.is_empty()).then_some(&relations);
            put_or_delete(RowKey::relations(user, chunk), relations)
        }
        Row::Profile(user, profile) => put_or_delete(RowKey::profile(user), profile.as_ref()),
        Row::Setting(name, value) => RowChange::put(RowKey::setting(&name), &value),
        Row::Attachment(hash, record) => {
            let is_unused = record.as_ref().is_some_and(|record| record.uses == 0);
            changes.push(put_or_delete(
                RowKey::unused(hash),
                is_unused.then_some(&()),
            ));
            put_or_delete(RowKey::attachment(hash), record.as_ref())
        }
        Row::Attached(id, msgid, hash) => put_or_delete(RowKey::attached(id, msgid), hash.as_ref()),
        Row::AttachmentBytes(user, bytes) => put_or_delete(
            RowKey::attachment_bytes(user),
            (bytes > 0).then_some(&bytes),
        ),
        Row::Queue(id, record) => put_or_delete(RowKey::queue(id), record.as_ref()),
        Row::QueueHours(id, hours) => put_or_delete(RowKey::queue_hours(id), hours.as_ref()),
        Row::Agent(user, record) => put_or_delete(RowKey::agent(user), record.as_ref()),
        Row::Inquiry(id, record) => put_or_delete(RowKey::inquiry(id), record.as_ref()),
        Row::OpenInquiry(id, is_open) => {
            put_or_delete(RowKey::open_inquiry(id), is_open.then_some(&()))
        }
        Row::ClosedInquiry(queue, place, is_taken) => put_or_delete(
            RowKey::closed_inquiry(queue, place),
            is_taken.then_some(&()),
        ),
        Row::Asker(id, record) => put_or_delete(RowKey::asker(id), record.as_ref()),
        Row::Visitor(id, record) => put_or_delete(RowKey::visitor(id), record.as_ref()),
        Row::DeskKey(key, record) => put_or_delete(RowKey::desk_key(&key), record.as_ref()),
        Row::Canned(hash, canned) => put_or_delete(RowKey::canned(hash), canned.as_ref()),
        Row::RouteRules(rules) => RowChange::put(RowKey::meta(MetaKey::RouteRules), &rules),
        Row::StreamRemoved(device, stream) => return remove_stream(trees, device, stream, changes),
    };
    changes.push(change);
    Ok(())
}

fn remove_stream(
    trees: &Trees,
    device: DeviceId,
    stream: SendStreamId,
    changes: &mut Vec<RowChange>,
) -> Result<(), TreesError> {
    for prefix in [
        RowPrefix::cursors_of(device, stream),
        RowPrefix::recent_of(device, stream),
    ] {
        let stored = trees.keys(&prefix, None, usize::MAX)?;
        changes.extend(stored.into_iter().map(RowChange::delete));
    }
    Ok(())
}

fn put_or_delete<T: Serialize>(key: RowKey, record: Option<&T>) -> RowChange {
    record.map_or_else(
        || RowChange::delete(key),
        |record| RowChange::put(key, record),
    )
}
