//! Searches: while things happen, and at the end, when all that a user may read is known.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_client::proto::model::search::{Condition, Query, Term, Test};
use cairn_client::{Client, ConversationId, Error, Message, MsgId};

use crate::dice::Dice;
use crate::history::{Entry, Outcome, Searched, Sought};
use crate::script::step::What;
use crate::world::World;
use crate::world::leaks::Canary;

/// Decisions about the searches at the end.
const LAST: u64 = 50;

impl Sought {
    fn query(&self) -> Query {
        let term = |raw: &str| Term::new(raw).expect("words are short");
        let test = match self {
            Self::Word(word) => Test::Word(term(word)),
            Self::Prefix(start) => Test::Prefix(term(start)),
            Self::Literal(part) => Test::Literal(term(part)),
        };
        let negated = false;
        Query::new(vec![vec![Condition { negated, test }]]).expect("a query of one condition")
    }
}

impl World {
    fn sought(&self, what: What) -> Sought {
        let sent = self.history.lock().sent.len();
        match what {
            What::All => Sought::Word("canary".to_owned()),
            What::Edits => Sought::Word("edited".to_owned()),
            What::Message(nth) => Sought::Word(format!("m{}", nth % sent.max(1))),
            What::Messages(nth) => Sought::Prefix(format!("m{}", nth % 10)),
            What::Place(place) => Sought::Literal(Canary::of_place(place).text()),
        }
    }

    /// Searches as the user of a device, this many hits at a time.
    pub(super) fn search(self: &Arc<Self>, no: usize, what: What, hits_per_page: u32) {
        let sought = self.sought(what);
        self.trace.note(
            &self.devices[no].name(),
            format_args!("searches {sought:?}, {hits_per_page} at a time"),
        );
        let world = self.clone();
        self.spawn(
            no,
            format!("device {no}: search"),
            move |client| async move {
                let asked = world.history.lock().moment();
                let mut search = client.search(sought.query()).hits_per_page(hits_per_page);
                let (mut hits, mut is_complete) = (Vec::new(), true);
                while let Some(next) = search.next().await {
                    match next {
                        Ok(found) => {
                            let message = found.message;
                            let (place, msgid) = (message.conversation, message.msgid);
                            hits.push((place, msgid, Entry::from(message.clone())));
                            world.note_seen(&world.devices[no], message);
                        }
                        Err(error) => {
                            is_complete = false;
                            world.settled::<()>(Err(error), |()| Outcome::Unknown, "a search");
                        }
                    }
                }
                let device = &world.devices[no];
                world.trace.note(
                    &device.name(),
                    format_args!("finds {}, to the end: {is_complete}", hits.len()),
                );
                world.history.lock().searches.push(Searched {
                    user: world.sender(device),
                    sought,
                    asked,
                    hits,
                    is_complete,
                });
            },
        );
    }

    /// Compares searches of a user with what the user can pull, and nothing changes any more but
    /// that messages may expire.
    pub(in crate::world) async fn compare_searches(
        &self,
        client: &Client,
        pulled: &[Message],
    ) -> Result<(), String> {
        let user = client.whoami().user;
        // Times of a log go back where a crash lost how far the clock had come.
        let is_monotone =
            pulled.is_sorted_by_key(|message| (message.conversation, message.sent_at));
        let mut dice = Dice::new(self.seed, LAST + u64::from(user.get()));
        let mut next = || dice.index(1_000);
        let one = match next() % 3 {
            0 => What::Edits,
            1 => What::Message(next()),
            _ => What::Messages(next()),
        };
        let mut searches = Vec::new();
        for what in [What::All, one] {
            let (sought, hits_per_page) = (self.sought(what), 20 + next() as u32 % 31);
            let found = self.find_all(client, &sought, hits_per_page).await;
            let found =
                found.map_err(|error| format!("no search for {sought:?} at the end: {error}"))?;
            searches.push((sought, found));
        }
        let floors = client.conversations().list().await;
        let floors = floors.map_err(|error| format!("no list at the end: {error}"))?;
        let floors = floors.into_iter().map(|item| (item.id, item.floor));
        let floors: BTreeMap<ConversationId, MsgId> = floors.collect();
        let is_left = |message: &&Message| {
            let floor = floors.get(&message.conversation);
            floor.is_some_and(|&floor| message.msgid > floor)
        };
        let pulled: Vec<&Message> = pulled.iter().filter(is_left).collect();
        for (sought, found) in searches {
            let found: Vec<&Message> = found.iter().filter(is_left).collect();
            let mut expected = pulled.clone();
            expected.retain(|message| sought.is_in_text(message.body.words().unwrap_or_default()));
            compare(&found, expected, is_monotone).map_err(|difference| {
                format!("F1: user {user} searches {sought:?} at the end, and {difference}")
            })?;
        }
        Ok(())
    }

    async fn find_all(
        &self,
        client: &Client,
        sought: &Sought,
        hits_per_page: u32,
    ) -> Result<Vec<Message>, Error> {
        let mut search = client.search(sought.query()).hits_per_page(hits_per_page);
        let mut found = Vec::new();
        while let Some(next) = search.next().await {
            let message = next?.message;
            // Those of the desk change hands by themselves.
            if self.is_place(message.conversation) {
                found.push(message);
            }
        }
        Ok(found)
    }
}

/// Compares what a search found with what it must find: each message once, those of a conversation
/// by id, and those of several by time. Messages of one time may be in any order.
fn compare(
    found: &[&Message],
    mut expected: Vec<&Message>,
    is_monotone: bool,
) -> Result<(), String> {
    let place = |message: &&Message| (message.conversation, message.msgid);
    let named = |message: &Message| format!("{}/{}", message.conversation, message.msgid);
    let mut sorted = found.to_vec();
    sorted.sort_unstable_by_key(place);
    expected.sort_unstable_by_key(place);
    if sorted != expected {
        let pairs = sorted.iter().zip(&expected);
        let at = pairs.take_while(|(one, other)| one == other).count();
        let shown = |all: &[&Message]| all.get(at).map_or("nothing".to_owned(), |it| named(it));
        return Err(format!(
            "finds {} instead of {}",
            shown(&sorted),
            shown(&expected)
        ));
    }
    let is_newer = |one: &Message, other: &Message| match one.conversation == other.conversation {
        true => one.msgid > other.msgid,
        false => one.sent_at >= other.sent_at || !is_monotone,
    };
    match found.windows(2).find(|pair| !is_newer(pair[0], pair[1])) {
        Some(pair) => Err(format!(
            "finds {} before {}",
            named(pair[0]),
            named(pair[1])
        )),
        None => Ok(()),
    }
}
