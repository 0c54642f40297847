//! Comparisons of what a device shows with what the server holds.

use std::sync::Arc;
use std::time::Duration;

use cairn_client::Client;
use cairn_client::proto::ids::ConversationId;
use cairn_client::proto::model::receipts::ReceiptState;
use cairn_session::{
    Command, Entry, LinkView, Place, Row, RowKey, SendState, Session, What, WindowView,
};
use tokio::time::timeout;

use crate::device::Device;
use crate::truth::{Held, Truth};

/// The time after which something counts as absent.
const PATIENCE: Duration = Duration::from_secs(30);

/// The time between two comparisons, if nothing changes before.
const INTERVAL: Duration = Duration::from_millis(100);

/// Waits until a comparison finds no difference.
pub(crate) async fn settle(
    what: &str,
    session: &Session,
    mut compare: impl AsyncFnMut() -> Result<(), String>,
) {
    let mut found = Ok(());
    let settled = timeout(PATIENCE, async {
        loop {
            found = compare().await;
            if found.is_ok() {
                return;
            }
            let _ = timeout(INTERVAL, session.changed()).await;
        }
    });
    let is_settled = settled.await.is_ok();
    assert!(is_settled, "{what}: {}", found.unwrap_err());
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, shown: T, held: T) -> Result<(), String> {
    match shown == held {
        true => Ok(()),
        false => Err(format!("{what}: shown {shown:?}, but held {held:?}")),
    }
}

/// Compares everything but windows.
pub(crate) fn list(device: &Device, truth: &Truth) -> Result<(), String> {
    let model = device.session().model();
    same("link", model.link(), LinkView::Online)?;
    same("outbox", model.outbox().len(), 0)?;
    let mut list = model.list();
    // A direct chat in which nothing was sent yet, but written.
    list.retain(|view| truth.conversations.contains_key(&view.id));
    let ids: Vec<ConversationId> = list.iter().map(|view| view.id).collect();
    same("order", ids, truth.order(|_| None)).map_err(|found| {
        let list = list.iter().map(|view| (view.id, view.head, view.active_at));
        format!("{found}: {:?}", list.collect::<Vec<_>>())
    })?;
    for view in &list {
        let held = &truth.conversations[&view.id].summary;
        let what = format!("conversation {}", view.id);
        same(
            &what,
            (view.head, view.floor, view.read, view.unread.is_lower_bound),
            (held.head, held.floor, held.read.max(held.floor), false),
        )?;
        same(
            &format!("unread of {what}"),
            (view.unread.messages, view.unread.mentions),
            (held.unread, held.mentions),
        )?;
        let draft = model.draft(view.id);
        if !device.has_written(view.id, draft) {
            let written = device.drafts.get(&view.id);
            return Err(format!(
                "draft of {what}: shown {draft:?}, but written {written:?}"
            ));
        }
        same(
            &format!("typed in {what}"),
            view.draft.is_some(),
            draft.is_some(),
        )?;
        let last = view.last.as_ref().map(|(msgid, _)| *msgid);
        let messages = truth.conversations[&view.id].log.iter().rev();
        let mut shown = messages.filter(|entry| Entry::from(*entry).is_shown());
        same(
            &format!("last of {what}"),
            last,
            shown.next().map(|entry| entry.msgid),
        )?;
    }
    same("totals", model.totals(), truth.totals())
}

/// Opens a conversation, reads its window to the beginning, and compares it.
pub(crate) async fn window(device: &Device, held: &Held, observer: &Client) {
    let (session, id) = (device.session(), held.summary.id);
    device.perform(Command::Attention(false)).await;
    let open = |at| Command::Open {
        conversation: id,
        at,
    };
    // The divider of a window that is open stays where it was placed.
    device.perform(Command::Leave(id)).await;
    device.perform(open(Place::FirstUnread)).await;
    let what = format!("conversation {id} on {}", device.name());
    settle(&what, session, async || divider(device, held)).await;
    device.perform(open(Place::End)).await;
    settle(&what, session, async || {
        receipts(device, held, observer).await
    })
    .await;
    // A window holds few entries: the whole log is read in parts.
    for (msgid, entry) in held.messages() {
        let key = RowKey::Entry(msgid);
        let is_shown = |view: &WindowView| {
            let row = view.rows.iter().find(|row| row.key == key)?;
            match &row.what {
                What::Message(message) if !message.is_stale => Some((*message.entry).clone()),
                _ => None,
            }
        };
        let shown = || session.model().window(id).as_ref().and_then(is_shown);
        if shown().is_none() {
            let to = Place::At(msgid);
            device
                .perform(Command::Jump {
                    conversation: id,
                    to,
                })
                .await;
        }
        let is_shown = async || same("message", shown(), Some(entry.clone()));
        settle(&what, session, is_shown).await;
    }
    device.perform(Command::Leave(id)).await;
}

fn rows(device: &Device, id: ConversationId) -> Arc<[Row]> {
    let window = device.session().model().window(id);
    window.map(|window| window.rows).unwrap_or_default()
}

fn divider(device: &Device, held: &Held) -> Result<(), String> {
    let rows = rows(device, held.summary.id);
    let at = rows.iter().position(|row| row.key == RowKey::Unread);
    let shown = at.map(|at| (rows[at + 1].key, rows[at].what.clone()));
    let first = held.first_unread(device.user());
    let count = held.summary.unread;
    let expected = first.map(|first| (RowKey::Entry(first), What::Unread { count }));
    same("divider", shown, expected)
}

/// Cursors of others move until all their devices have acknowledged everything.
async fn receipts(device: &Device, held: &Held, observer: &Client) -> Result<(), String> {
    let Some(msgid) = held.last_own(device.user()) else {
        return Ok(());
    };
    let there = observer.conversation(held.summary.id);
    let who = there.receipts(msgid).await.unwrap().who;
    let reached = |state| {
        let reached = who.iter().filter(|receipt| receipt.state >= state);
        u32::try_from(reached.count()).unwrap()
    };
    let (read, delivered) = (
        reached(ReceiptState::Read),
        reached(ReceiptState::Delivered),
    );
    let of = u32::try_from(who.len()).unwrap();
    let expected = match (read, delivered) {
        (0, 0) => SendState::Stored(msgid),
        (0, by) => SendState::Delivered { by, of },
        (by, _) => SendState::Read { by, of },
    };
    let shown = rows(device, held.summary.id)
        .iter()
        .find_map(|row| match &row.what {
            What::Message(message) if message.msgid == msgid => message.sent,
            _ => None,
        });
    same("receipts", shown, Some(expected))
}
