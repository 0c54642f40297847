//! The team on the server before its day begins: users and their devices, conversations, and the
//! messages that they hold already.

use std::collections::HashMap;
use std::sync::Arc;

use cairn_client::proto::ids::{ConversationId, MsgId, UserId};
use cairn_client::proto::text::Password;
use cairn_client::{Account, Client, Endpoint};
use parking_lot::Mutex;

use super::listener::Seat;
use super::plan::{Kind, Plan, Talk};
use super::scenario::Scenario;
use crate::error::BenchError;
use crate::limits;
use crate::live::target::{Stop, Target, gather};
use crate::live::traffic::cursor::Cursor;
use crate::live::traffic::fill::{Filler, fill};
use crate::live::traffic::ramp::reconnect;
use crate::live::traffic::stamp::Texts;
use crate::watcher::Watcher;

/// Of all users of a run: their further devices log in with it.
const PASSWORD: &str = "a password of the benchmark";

/// The sender of earlier messages, in the stamps. No device has this number.
const BEFORE: u16 = u16::MAX;

/// A connected device with its conversations, each beside its place in the plan.
pub(super) struct Member {
    pub(super) client: Client,
    pub(super) account: Account,
    pub(super) endpoint: Option<Endpoint>,
    pub(super) seats: Vec<(usize, Seat)>,
}

/// Creates the team of a plan. The devices of a person are neighbours.
pub(super) async fn assemble(
    scenario: &Scenario,
    plan: &Plan,
    texts: &Arc<Texts>,
    target: &mut Target,
    watcher: &mut Watcher,
) -> Result<Vec<Member>, BenchError> {
    let each = scenario.devices_each.get();
    let devices = devices(scenario, target, watcher).await?;
    let users: Vec<UserId> = devices
        .iter()
        .step_by(each)
        .map(|(_, account)| account.user)
        .collect();
    let conversations = conversations(plan, &users, target, watcher).await?;

    // The first member of each conversation fills it.
    let mut own: HashMap<usize, Vec<ConversationId>> = HashMap::new();
    for (talk, &conversation) in plan.talks.iter().zip(&conversations) {
        own.entry(talk.people[0]).or_default().push(conversation);
    }
    let filler = |(person, conversations): (usize, _)| Filler {
        client: devices[person * each].0.clone(),
        number: BEFORE,
        conversations,
    };
    let fillers = own.into_iter().map(filler).collect();
    let heads = fill(fillers, scenario.history.get() as u64, texts, watcher).await?;
    let heads: HashMap<ConversationId, MsgId> = heads.into_iter().collect();

    let mut seats: Vec<Vec<(usize, Seat)>> = vec![Vec::new(); devices.len()];
    for (at, (talk, &conversation)) in plan.talks.iter().zip(&conversations).enumerate() {
        let next = heads.get(&conversation).copied().unwrap_or_default().next();
        let count = u16::try_from(talk.people.len() * each).unwrap_or(u16::MAX);
        let own = talk
            .people
            .iter()
            .flat_map(|person| person * each..(person + 1) * each);
        for (number, device) in (0..).zip(own) {
            let cursor = Arc::new(Mutex::new(Cursor::new(next)));
            seats[device].push((
                at,
                Seat {
                    conversation,
                    number,
                    devices: count,
                    cursor,
                },
            ));
        }
    }
    restart(devices, seats, target, watcher).await
}

/// Closes every device, with everything acked, starts the server again, so that it has no memory in
/// use for how the team came about, and connects every device.
async fn restart(
    devices: Vec<(Client, Account)>,
    seats: Vec<Vec<(usize, Seat)>>,
    target: &mut Target,
    watcher: &mut Watcher,
) -> Result<Vec<Member>, BenchError> {
    let (at_once, count) = (limits::AT_ONCE, devices.len());
    let leave = |at: usize| {
        let (client, _) = devices[at].clone();
        for (_, seat) in &seats[at] {
            client
                .conversation(seat.conversation)
                .ack(seat.cursor.lock().next.prev());
        }
        async move {
            client.close().await;
            Ok(())
        }
    };
    gather(
        at_once,
        count,
        leave,
        watcher.counter(count, "devices have gone"),
    )
    .await?;
    target.restart(Stop::Ordered).await?;
    let connect = |at: usize| {
        let (account, endpoint) = (devices[at].1.clone(), target.endpoint(at));
        let seats = seats[at].clone();
        async move {
            let client = reconnect(&account, endpoint.as_ref(), || ()).await?;
            Ok(Member {
                client,
                account,
                endpoint,
                seats,
            })
        }
    };
    gather(
        at_once,
        count,
        connect,
        watcher.counter(count, "devices are connected"),
    )
    .await
}

async fn devices(
    scenario: &Scenario,
    target: &Target,
    watcher: &mut Watcher,
) -> Result<Vec<(Client, Account)>, BenchError> {
    let (people, further) = (scenario.people.get(), scenario.devices_each.get() - 1);
    let (password, options) = (Password::new(PASSWORD)?, Client::builder());
    let given = (further > 0).then_some(&password);
    let first = target
        .join("person", people, given, &options, watcher)
        .await?;
    let accounts = first
        .iter()
        .flat_map(|(_, account)| vec![account.clone(); further]);
    let accounts: Vec<Account> = accounts.collect();
    let mut others = target
        .log_in(&accounts, &password, watcher)
        .await?
        .into_iter();
    let mut all = Vec::with_capacity(scenario.devices());
    for device in first {
        all.push(device);
        all.extend(others.by_ref().take(further));
    }
    Ok(all)
}

/// The conversations of a plan, in its order.
async fn conversations(
    plan: &Plan,
    users: &[UserId],
    target: &Target,
    watcher: &mut Watcher,
) -> Result<Vec<ConversationId>, BenchError> {
    let groups = plan
        .talks
        .iter()
        .filter(|talk| talk.kind != Kind::DirectChat);
    let groups: Vec<&Talk> = groups.collect();
    let members = |at: usize| {
        groups[at]
            .people
            .iter()
            .map(|&person| users[person])
            .collect()
    };
    let mut groups = target
        .groups(groups.len(), members, watcher)
        .await?
        .into_iter();
    let conversation = |talk: &Talk| match (talk.kind, talk.people.as_slice()) {
        (Kind::DirectChat, &[one, other]) => ConversationId::direct(users[one], users[other]),
        _ => groups.next(),
    };
    // Every chat has two different people, and a group was created for each other talk.
    let all: Option<_> = plan.talks.iter().map(conversation).collect();
    all.ok_or(BenchError::EndedEarly)
}
