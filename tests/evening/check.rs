//! What must be so when everybody is there and nothing is under way: the devices of a user agree with each other and with the server, the
//! members of a conversation with each other, and all of it with what was accepted; and who may not, cannot.

use std::collections::BTreeMap;
use std::time::Duration;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_client::proto::text::Text;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::PullRange;
use cairn_client::{Client, Error};
use tokio::time::timeout;

use super::driver::Evening;
use super::files;
use super::fresh;
use super::kept::View;
use super::receipts;
use super::replica::Sight;
use super::said::holds_what_was_said;
use super::scene::EXPIRE;
use super::steps::{DEVICES, Seat, USERS};

/// How long devices are waited for before everything is pulled anew: what a policy lets go may go in between.
const PATIENCE: Duration = Duration::from_secs(3);

/// When something that must happen by itself has not after so many times, it does not.
const ATTEMPTS: usize = 8;

/// Compares everything.
pub async fn compare(evening: &Evening) -> Result<(), String> {
    let mut sights = Vec::new();
    for user in 0..USERS {
        sights.push(agreed(evening, user).await?);
    }
    members_agree(&sights)?;
    note_expired(evening, &sights);
    for sight in &sights {
        for (&id, view) in &sight.conversations {
            holds_what_was_said(&evening.scene, id, view)?;
        }
    }
    receipts::are_right(evening, &sights).await?;
    who_may_not_cannot(evening, &sights).await
}

/// Notes whether anything is gone: nothing but a policy takes the very entry away that made somebody a member.
fn note_expired(evening: &Evening, sights: &[Sight]) {
    let is_gone = |(sight, user): (&Sight, &UserId)| {
        let mut views = sight.conversations.values();
        views.any(|view| {
            view.about
                .members
                .get(user)
                .is_some_and(|own| own.joined <= view.floor)
        })
    };
    evening
        .scene
        .tally(EXPIRE, sights.iter().zip(&evening.scene.users).any(is_gone));
}

/// What the server says to a user, once all of his devices say the same.
async fn agreed(evening: &Evening, user: usize) -> Result<Sight, String> {
    let mut fault = String::new();
    for _ in 0..ATTEMPTS {
        match fresh::sight(&evening.chairs[user][0].account).await {
            Ok(sight) => match all_agree(evening, user, &sight).await {
                Ok(()) => return Ok(sight),
                Err(differing) => fault = differing,
            },
            Err(error) => fault = format!("user{user}, pulled anew: {error}"),
        }
        evening.board.check()?;
    }
    Err(fault)
}

async fn all_agree(evening: &Evening, user: usize, sight: &Sight) -> Result<(), String> {
    for device in 0..DEVICES {
        let (replica, mut news) = (
            &evening.device(Seat { user, device }).replica,
            evening.board.news(),
        );
        let agreed = async {
            loop {
                news.borrow_and_update();
                if replica.lock().sight() == *sight {
                    return;
                }
                let _ = news.changed().await;
            }
        };
        if timeout(PATIENCE, agreed).await.is_err() {
            let here = replica.lock().sight();
            return Err(format!(
                "user{user} device {device}, and the server: {}",
                difference(&here, sight)
            ));
        }
    }
    Ok(())
}

/// The first thing in which two sights differ, for people.
fn difference(one: &Sight, other: &Sight) -> String {
    if one.contacts != other.contacts {
        return format!("contacts {:?} and {:?}", one.contacts, other.contacts);
    }
    let (ids, others): (Vec<_>, Vec<_>) = (
        one.conversations.keys().collect(),
        other.conversations.keys().collect(),
    );
    if ids != others {
        return format!("conversations {ids:?} and {others:?}");
    }
    let pairs = one.conversations.iter().zip(other.conversations.values());
    let differing = pairs
        .filter(|((_, one), other)| one != other)
        .map(|((id, one), other)| format!("{id}: {}", in_view(one, other)));
    differing.collect::<Vec<_>>().join("\n")
}

fn in_view(one: &View, other: &View) -> String {
    let entries = one.entries.keys().chain(other.entries.keys());
    if let Some(msgid) = entries
        .filter(|msgid| one.entries.get(msgid) != other.entries.get(msgid))
        .min()
    {
        return format!(
            "entry {msgid} is {:?} and {:?}",
            one.entries.get(msgid),
            other.entries.get(msgid)
        );
    }
    let [one, other] = [one, other].map(|view| View {
        entries: BTreeMap::new(),
        ..view.clone()
    });
    format!("{one:?} and {other:?}")
}

/// Those who see the same conversation see the same in it, above the higher of their floors.
pub fn members_agree(sights: &[Sight]) -> Result<(), String> {
    let mut first: BTreeMap<ConversationId, (usize, &View)> = BTreeMap::new();
    for (user, sight) in sights.iter().enumerate() {
        for (&id, view) in &sight.conversations {
            let &mut (before, known) = first.entry(id).or_insert((user, view));
            let floor = view.floor.max(known.floor).next();
            let is_same = known.entries.range(floor..).eq(view.entries.range(floor..))
                && known.head == view.head;
            let pins = |view: &View| view.about.pins.range(floor..).copied().collect::<Vec<_>>();
            let about = |view: &View| {
                (
                    view.about.name.clone(),
                    view.about.topic.clone(),
                    view.about.agreed,
                    view.about.members.clone(),
                )
            };
            if !is_same || pins(known) != pins(view) || about(known) != about(view) {
                return Err(format!(
                    "user{before} and user{user} see {id} otherwise: {}",
                    in_view(known, view)
                ));
            }
        }
    }
    Ok(())
}

/// Who is no member sees nothing and says nothing, nor does who is muted; nobody says anything to whom he has blocked, or who has blocked
/// him.
async fn who_may_not_cannot(evening: &Evening, sights: &[Sight]) -> Result<(), String> {
    for (user, sight) in sights.iter().enumerate() {
        let client = &evening.device(Seat { user, device: 0 }).client;
        let me = evening.scene.users[user];
        files_are_there(client, sight)
            .await
            .map_err(|fault| format!("user{user}: {fault}"))?;
        in_groups(evening, client, me, sight, sights)
            .await
            .map_err(|fault| format!("user{user}: {fault}"))?;
        to_others(evening, client, me, sights)
            .await
            .map_err(|fault| format!("user{user}: {fault}"))?;
    }
    Ok(())
}

fn plea() -> Body {
    Body::Text(Text::new("may I?").unwrap())
}

/// The file that was sent last, as somebody sees it.
fn last_file(sight: &Sight, group: ConversationId) -> Option<(MsgId, &Body)> {
    let entries = sight.conversations.get(&group)?.entries.iter().rev();
    entries
        .map(|(&msgid, held)| (msgid, &held.body))
        .find(|(_, body)| body.attachment().is_some())
}

/// Whoever sees a message can fetch the file that it names.
async fn files_are_there(client: &Client, sight: &Sight) -> Result<(), String> {
    for &id in sight.conversations.keys() {
        if let Some((msgid, body)) = last_file(sight, id) {
            let fetched = files::fetch(client, id, msgid, body).await;
            if let Err(error) = fetched
                && !is_gone(client, id, msgid).await?
            {
                return Err(format!("cannot fetch the file of {msgid} in {id}: {error}"));
            }
        }
    }
    Ok(())
}

/// Whether a message is gone on purpose by now.
pub async fn is_gone(client: &Client, id: ConversationId, msgid: MsgId) -> Result<bool, String> {
    let page = client
        .pull(id, PullRange::From(msgid), 1)
        .await
        .map_err(|error| error.to_string())?;
    Ok(page.floor >= msgid)
}

async fn in_groups(
    evening: &Evening,
    client: &Client,
    me: UserId,
    sight: &Sight,
    others: &[Sight],
) -> Result<(), String> {
    for group in evening.scene.groups() {
        match sight.conversations.get(&group) {
            None => {
                let pulled = client.pull(group, PullRange::From(MsgId::new(1)), 1).await;
                is_refused(pulled, ErrorCode::NotFound)
                    .map_err(|fault| format!("sees {group}, of which he is no member: {fault}"))?;
                let sent = client.send(group, plea()).await;
                is_refused(sent, ErrorCode::NotFound).map_err(|fault| {
                    format!("writes to {group}, of which he is no member: {fault}")
                })?;
                if let Some((msgid, body)) = others.iter().find_map(|other| last_file(other, group))
                {
                    files::cannot_fetch(client, group, msgid, body).await?;
                }
            }
            Some(view) => {
                let own = view.about.members[&me];
                let may_post = view
                    .about
                    .agreed
                    .is_none_or(|agreed| own.role >= agreed.post);
                let code = if may_post {
                    ErrorCode::Muted
                } else {
                    ErrorCode::Forbidden
                };
                if !may_post || own.muted_until > Timestamp::new(0) {
                    let sent = client.send(group, plea()).await;
                    is_refused(sent, code)
                        .map_err(|fault| format!("is heard in {group}: {fault}"))?;
                }
            }
        }
    }
    Ok(())
}

async fn to_others(
    evening: &Evening,
    client: &Client,
    me: UserId,
    sights: &[Sight],
) -> Result<(), String> {
    let sight = |of: UserId| {
        evening
            .scene
            .users
            .iter()
            .zip(sights)
            .find(|(user, _)| **user == of)
            .unwrap()
            .1
    };
    let blocks = |whose, whom| {
        sight(whose)
            .contacts
            .get(&whom)
            .is_some_and(|relation| relation.blocks)
    };
    for &other in evening.scene.users.iter().filter(|&&other| other != me) {
        let code = match (blocks(me, other), blocks(other, me)) {
            (true, _) => ErrorCode::Blocked,
            (false, true) => ErrorCode::NotFound,
            (false, false) => continue,
        };
        let sent = client.send(client.direct(other).unwrap(), plea()).await;
        is_refused(sent, code)
            .map_err(|fault| format!("writes to {other} in spite of a block: {fault}"))?;
    }
    Ok(())
}

fn is_refused<T>(answer: Result<T, Error>, expected: ErrorCode) -> Result<(), String> {
    match answer {
        Err(Error::Refused(code)) if code == expected => Ok(()),
        Err(error) => Err(error.to_string()),
        Ok(_) => Err("it was not refused".to_owned()),
    }
}
