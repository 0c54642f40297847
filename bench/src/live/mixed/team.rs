//! The team at the venue, before its day begins: users and their devices, conversations, and what was said in them before.

use std::collections::HashMap;
use std::sync::Arc;

use cairn_client::proto::ids::{ConversationId, MsgId, UserId};
use cairn_client::proto::text::Password;
use cairn_client::{Account, Client, Endpoint, Options};
use parking_lot::Mutex;

use super::listener::Seat;
use super::plan::{Kind, Plan, Talk};
use super::scenario::Scenario;
use crate::error::BenchError;
use crate::live::comeback::come_back;
use crate::live::cursor::Cursor;
use crate::live::fill::{Filler, fill};
use crate::live::own_server::End;
use crate::live::stamp::Texts;
use crate::live::venue::{Venue, gather};
use crate::watcher::Watcher;

/// What all users of a run have in common: it lets their further devices log in.
const PASSWORD: &str = "a password of the benchmark";

/// The number of whoever said what was there before, in the stamps. No device has it.
const BEFORE: u16 = u16::MAX;

/// A device that is connected, with its conversations, each beside its place in the plan.
pub(super) struct Member {
    pub(super) client: Client,
    pub(super) account: Account,
    pub(super) endpoint: Option<Endpoint>,
    pub(super) seats: Vec<(usize, Seat)>,
}

/// Makes the team of a plan. The devices of a person stand together.
pub(super) async fn assemble(
    scenario: &Scenario,
    plan: &Plan,
    texts: &Arc<Texts>,
    venue: &mut Venue,
    watcher: &mut Watcher,
) -> Result<Vec<Member>, BenchError> {
    let devices = devices(scenario, venue, watcher).await?;
    let users: Vec<UserId> = devices
        .iter()
        .step_by(scenario.devices_each.get())
        .map(|(_, account)| account.user)
        .collect();
    let conversations = conversations(plan, &users, venue, watcher).await?;

    // Who stands first in a conversation has said what was there before.
    let mut fillers: HashMap<usize, Vec<ConversationId>> = HashMap::new();
    for (talk, &conversation) in plan.talks.iter().zip(&conversations) {
        fillers
            .entry(talk.people[0])
            .or_default()
            .push(conversation);
    }
    let client = |person: usize| devices[person * scenario.devices_each.get()].0.clone();
    let filler = |(person, conversations)| Filler {
        client: client(person),
        number: BEFORE,
        conversations,
    };
    let heads = fill(
        fillers.into_iter().map(filler).collect(),
        scenario.history.get() as u64,
        texts,
        watcher,
    )
    .await?;
    let heads: HashMap<ConversationId, MsgId> = heads.into_iter().collect();

    let mut seats: Vec<Vec<(usize, Seat)>> = vec![Vec::new(); devices.len()];
    for (at, (talk, &conversation)) in plan.talks.iter().zip(&conversations).enumerate() {
        let next = heads.get(&conversation).copied().unwrap_or_default().next();
        sit_down(
            at,
            talk,
            conversation,
            next,
            scenario.devices_each.get(),
            &mut seats,
        );
    }
    go_home(&devices, &seats, watcher).await?;
    // A server that has just started has no memory in use for how the team came about.
    venue.restart(End::Stop).await?;
    come_in(devices, seats, venue, watcher).await
}

/// Lets every device go, with everything that there is by now.
async fn go_home(
    devices: &[(Client, Account)],
    seats: &[Vec<(usize, Seat)>],
    watcher: &mut Watcher,
) -> Result<(), BenchError> {
    let count = devices.len();
    let go = |at: usize| {
        let (client, _) = devices[at].clone();
        seats[at]
            .iter()
            .for_each(|(_, seat)| client.ack(seat.conversation, seat.cursor.lock().next.prev()));
        async move {
            client.close().await;
            Ok(())
        }
    };
    gather(count, go, |done| {
        watcher.tell(&|| format!("{done} of {count} devices have gone"))
    })
    .await?;
    Ok(())
}

/// Connects every device.
async fn come_in(
    devices: Vec<(Client, Account)>,
    seats: Vec<Vec<(usize, Seat)>>,
    venue: &Venue,
    watcher: &mut Watcher,
) -> Result<Vec<Member>, BenchError> {
    let count = devices.len();
    let come = |at: usize| {
        let (account, endpoint, seats) =
            (devices[at].1.clone(), venue.endpoint(at), seats[at].clone());
        async move {
            let client = come_back(&account, endpoint.as_ref(), || ()).await?;
            Ok(Member {
                client,
                account,
                endpoint,
                seats,
            })
        }
    };
    gather(count, come, |done| {
        watcher.tell(&|| format!("{done} of {count} devices are connected"))
    })
    .await
}

/// Gives every device of every member a seat in a conversation, and a number in it.
fn sit_down(
    at: usize,
    talk: &Talk,
    conversation: ConversationId,
    next: MsgId,
    devices_each: usize,
    seats: &mut [Vec<(usize, Seat)>],
) {
    let devices = talk
        .people
        .iter()
        .flat_map(|person| person * devices_each..(person + 1) * devices_each);
    let count = u16::try_from(talk.people.len() * devices_each).unwrap_or(u16::MAX);
    for (number, device) in (0..).zip(devices) {
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

async fn devices(
    scenario: &Scenario,
    venue: &Venue,
    watcher: &mut Watcher,
) -> Result<Vec<(Client, Account)>, BenchError> {
    let (people, options) = (scenario.people.get(), Options::default());
    let password = Password::new(PASSWORD)?;
    let given = (scenario.devices_each.get() > 1).then_some(&password);
    let joined = |done| watcher.tell(&|| format!("{done} of {people} users have joined"));
    let first = venue
        .join_with("person", people, given, &options, joined)
        .await?;
    let further = |account: &Account| vec![account.clone(); scenario.devices_each.get() - 1];
    let accounts: Vec<Account> = first
        .iter()
        .flat_map(|(_, account)| further(account))
        .collect();
    let count = accounts.len();
    let logged_in =
        |done| watcher.tell(&|| format!("{done} of {count} further devices have logged in"));
    let mut others = venue
        .log_in(&accounts, &password, &options, logged_in)
        .await?
        .into_iter();
    let mut all = Vec::with_capacity(scenario.devices());
    for device in first {
        all.push(device);
        all.extend(others.by_ref().take(scenario.devices_each.get() - 1));
    }
    Ok(all)
}

/// The conversations of a plan, in its order.
async fn conversations(
    plan: &Plan,
    users: &[UserId],
    venue: &Venue,
    watcher: &mut Watcher,
) -> Result<Vec<ConversationId>, BenchError> {
    let groups: Vec<&Talk> = plan
        .talks
        .iter()
        .filter(|talk| talk.kind != Kind::DirectChat)
        .collect();
    let members = |at: usize| {
        groups[at]
            .people
            .iter()
            .map(|&person| users[person])
            .collect()
    };
    let count = groups.len();
    let made = venue
        .groups(count, members, |done| {
            watcher.tell(&|| format!("{done} of {count} groups are made"))
        })
        .await?;
    let mut made = made.iter().copied();
    let conversation = |talk: &Talk| match (talk.kind, talk.people.as_slice()) {
        (Kind::DirectChat, &[one, other]) => ConversationId::direct(users[one], users[other]),
        _ => made.next(),
    };
    // There is one for each: a chat has two different people, and a group was made for everything else.
    plan.talks
        .iter()
        .map(conversation)
        .collect::<Option<_>>()
        .ok_or(BenchError::EndedEarly)
}
