//! What must hold when every device is online and idle: a user's devices agree with each other and
//! with the server, members of a conversation with each other, and all of them with the messages
//! that were accepted. [`refusals`] has what must be refused.

mod fresh;
pub mod oracle;
pub mod receipts;
mod refusals;

use std::collections::BTreeMap;
use std::time::Duration;

use cairn_client::Client;
use cairn_client::proto::ids::{ConversationId, MsgId, UserId};
use cairn_client::proto::wire::request::session::PullRange;
use tokio::time::timeout;

use super::play::Team;
use super::script::{DEVICES, Seat, USERS};
use super::view::{ConversationView, View};
use super::world::EXPIRE;

/// How long to wait for the devices before the server is queried again, because messages may expire
/// meanwhile.
const CONVERGENCE_TIME: Duration = Duration::from_secs(3);

const ATTEMPTS_MAX: usize = 8;

pub async fn compare(team: &Team) -> Result<(), String> {
    let mut views = Vec::new();
    for user in 0..USERS {
        views.push(agreed_view(team, user).await?);
    }
    members_agree(&views)?;
    tally_expired(team, &views);
    for view in &views {
        for (&id, conversation) in &view.conversations {
            oracle::holds_accepted(&team.world, id, conversation)?;
        }
    }
    receipts::are_right(team, &views).await?;
    refusals::hold(team, &views).await
}

/// Records whether messages expired: nothing else removes the entry that made a user a member.
fn tally_expired(team: &Team, views: &[View]) {
    let is_expired = |(view, user): (&View, &UserId)| {
        view.conversations.values().any(|conversation| {
            let own = conversation.details.members.get(user);
            own.is_some_and(|own| own.joined <= conversation.floor)
        })
    };
    let is_done = views.iter().zip(&team.world.users).any(is_expired);
    team.world.tally(EXPIRE, is_done);
}

/// Waits until all devices of a user agree with the server, and returns their view.
async fn agreed_view(team: &Team, user: usize) -> Result<View, String> {
    let mut fault = String::new();
    for _ in 0..ATTEMPTS_MAX {
        match fresh::view(team.account(user)).await {
            Ok(view) => match devices_agree(team, user, &view).await {
                Ok(()) => return Ok(view),
                Err(differing) => fault = differing,
            },
            Err(error) => fault = format!("user{user}, from scratch: {error}"),
        }
        team.monitor.check()?;
    }
    Err(fault)
}

async fn devices_agree(team: &Team, user: usize, view: &View) -> Result<(), String> {
    for device in 0..DEVICES {
        let replica = &team.device(Seat { user, device }).replica;
        let mut changes = team.monitor.changes();
        let converged = async {
            loop {
                changes.borrow_and_update();
                if View::from(&*replica.lock()) == *view {
                    return;
                }
                let _ = changes.changed().await;
            }
        };
        if timeout(CONVERGENCE_TIME, converged).await.is_err() {
            let differing = difference(&View::from(&*replica.lock()), view);
            return Err(format!(
                "user{user} device {device}, and the server: {differing}"
            ));
        }
    }
    Ok(())
}

/// Describes where two views differ.
fn difference(one: &View, other: &View) -> String {
    if one.contacts != other.contacts {
        return format!("contacts {:?} and {:?}", one.contacts, other.contacts);
    }
    let ids = |view: &View| view.conversations.keys().copied().collect::<Vec<_>>();
    if ids(one) != ids(other) {
        return format!("conversations {:?} and {:?}", ids(one), ids(other));
    }
    let pairs = one.conversations.iter().zip(other.conversations.values());
    let differing = pairs
        .filter(|((_, one), other)| one != other)
        .map(|((id, one), other)| format!("{id}: {}", conversation_difference(one, other)));
    differing.collect::<Vec<_>>().join("\n")
}

fn conversation_difference(one: &ConversationView, other: &ConversationView) -> String {
    let entries = one.entries.keys().chain(other.entries.keys());
    let differs = |msgid: &&MsgId| one.entries.get(msgid) != other.entries.get(msgid);
    if let Some(msgid) = entries.filter(differs).min() {
        return format!(
            "entry {msgid} is {:?} and {:?}",
            one.entries.get(msgid),
            other.entries.get(msgid)
        );
    }
    let [one, other] = [one, other].map(|view| ConversationView {
        entries: BTreeMap::new(),
        ..view.clone()
    });
    format!("{one:?} and {other:?}")
}

/// Checks that members of a conversation see the same in it, above the higher of their floors.
pub fn members_agree(views: &[View]) -> Result<(), String> {
    let mut first: BTreeMap<ConversationId, (usize, &ConversationView)> = BTreeMap::new();
    for (user, view) in views.iter().enumerate() {
        for (&id, view) in &view.conversations {
            let &mut (before, known) = first.entry(id).or_insert((user, view));
            let floor = view.floor.max(known.floor).next();
            let pins = |view: &ConversationView| {
                let pins = view.details.pins.range(floor..);
                pins.copied().collect::<Vec<_>>()
            };
            let details = |view: &ConversationView| {
                let details = &view.details;
                (
                    details.name.clone(),
                    details.topic.clone(),
                    details.settings,
                    details.members.clone(),
                )
            };
            let is_same = known.head == view.head
                && known.entries.range(floor..).eq(view.entries.range(floor..))
                && pins(known) == pins(view)
                && details(known) == details(view);
            if !is_same {
                let differing = conversation_difference(known, view);
                return Err(format!(
                    "user{before} and user{user} differ in {id}: {differing}"
                ));
            }
        }
    }
    Ok(())
}

pub async fn is_expired(client: &Client, id: ConversationId, msgid: MsgId) -> Result<bool, String> {
    let page = client
        .conversation(id)
        .pull(PullRange::From(msgid), 1)
        .await;
    let page = page.map_err(|error| error.to_string())?;
    Ok(page.floor >= msgid)
}
