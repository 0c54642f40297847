//! The team on the server before the day: users and their devices, conversations, and the messages
//! in them.

use std::collections::HashMap;
use std::sync::Arc;

use cairn_client::proto::ids::{ConversationId, MsgId, UserId};
use cairn_client::proto::text::Password;
use cairn_client::{Account, Client, ClientBuilder};
use parking_lot::Mutex;

use super::plan::{Kind, Plan, Talk};
use super::scenario::Scenario;
use crate::error::{BenchError, Result};
use crate::limits;
use crate::live::target::{Stop, Target, leave, reconnect};
use crate::live::traffic::{Cursor, Filler, Texts, fill};

/// The password of all users, with which further devices log in.
const PASSWORD: &str = "a password of the benchmark";

/// The sender number of earlier messages. No device has it.
const BEFORE: u16 = u16::MAX;

/// A connected device and its conversations, in the order of the plan.
pub(super) struct Member {
    pub(super) client: Client,
    pub(super) account: Account,
    pub(super) options: ClientBuilder,
    pub(super) seats: Vec<Seat>,
}

#[derive(Clone)]
pub(super) struct Seat {
    pub(super) talk: usize,
    pub(super) conversation: ConversationId,
    /// The device's number among the senders of the conversation.
    pub(super) number: u16,
    pub(super) devices: u16,
    pub(super) cursor: Arc<Mutex<Cursor>>,
}

/// Creates the team of a plan. The devices of a user are adjacent.
pub(super) async fn assemble(
    scenario: &Scenario,
    plan: &Plan,
    texts: &Texts,
    target: &mut Target,
) -> Result<Vec<Member>> {
    let each = scenario.devices_each.get();
    let devices = devices(scenario, target).await?;
    let people = devices.iter().step_by(each);
    let users: Vec<UserId> = people.map(|(_, account)| account.user).collect();
    let conversations = conversations(plan, &users, target).await?;

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
    let (fillers, history) = (own.into_iter().map(filler), scenario.history.get() as u64);
    fill(fillers.collect(), history, texts, &target.watcher).await?;

    let mut seats: Vec<Vec<Seat>> = vec![Vec::new(); devices.len()];
    for (at, (talk, &conversation)) in plan.talks.iter().zip(&conversations).enumerate() {
        let count = u16::try_from(talk.people.len() * each).unwrap_or(u16::MAX);
        let people = talk.people.iter();
        let own = people.flat_map(|person| person * each..(person + 1) * each);
        for (number, device) in (0..).zip(own) {
            seats[device].push(Seat {
                talk: at,
                conversation,
                number,
                devices: count,
                cursor: Arc::new(Mutex::new(Cursor::new(MsgId::ZERO))),
            });
        }
    }
    restart(devices, seats, target).await
}

/// Closes every device with everything acked, restarts the server to free the memory that the setup
/// used, and connects every device.
async fn restart(
    devices: Vec<(Client, Account)>,
    seats: Vec<Vec<Seat>>,
    target: &mut Target,
) -> Result<Vec<Member>> {
    let leave = |((client, account), seats): ((Client, Account), Vec<Seat>)| async move {
        let next = leave(client).await?;
        for seat in &seats {
            seat.cursor.lock().next = next(seat.conversation);
        }
        Ok((account, seats))
    };
    let (at_once, leaving) = (limits::AT_ONCE, devices.into_iter().zip(seats).map(leave));
    let gone = target.watcher.gather(at_once, "devices have gone", leaving);
    let gone = gone.await?;
    target.restart(Stop::Ordered).await?;
    let connect = |(at, (account, seats)): (usize, (Account, Vec<Seat>))| {
        let options = target.options(at, true);
        async move {
            Ok(Member {
                client: reconnect(&account, &options, || ()).await?,
                account,
                options,
                seats,
            })
        }
    };
    let (watcher, connecting) = (&target.watcher, gone.into_iter().enumerate().map(connect));
    let gathered = watcher.gather(at_once, "devices are connected", connecting);
    gathered.await
}

async fn devices(scenario: &Scenario, target: &Target) -> Result<Vec<(Client, Account)>> {
    let (people, further) = (scenario.people.get(), scenario.devices_each.get() - 1);
    let password = Password::new(PASSWORD)?;
    let given = (further > 0).then_some(&password);
    let mut all = target.join("person", people, given, true).await?;
    let of_further = (0..people * further).map(|at| all[at / further].1.clone());
    all.extend(target.log_in(of_further, &password).await?);
    // Makes the devices of a user adjacent.
    all.sort_by_key(|(_, account)| account.user);
    Ok(all)
}

async fn conversations(
    plan: &Plan,
    users: &[UserId],
    target: &Target,
) -> Result<Vec<ConversationId>> {
    let talks = plan.talks.iter();
    let groups = talks.filter(|talk| talk.kind != Kind::DirectChat);
    let members = |talk: &Talk| talk.people.iter().map(|&person| users[person]).collect();
    let members: Vec<Vec<UserId>> = groups.map(members).collect();
    let mut groups = target.groups(members.into_iter()).await?.into_iter();
    let conversation = |talk: &Talk| match (talk.kind, talk.people.as_slice()) {
        (Kind::DirectChat, &[one, other]) => ConversationId::direct(users[one], users[other]),
        _ => groups.next(),
    };
    // Every chat has two different users, and every other talk has a group.
    let all: Option<_> = plan.talks.iter().map(conversation).collect();
    all.ok_or(BenchError::EndedEarly)
}
