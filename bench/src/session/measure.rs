//! A model with its cache, driven on one thread as a session's thread drives it.

use std::hint::black_box;
use std::path::Path;
use std::process;

use cairn_client::{ConversationId, Message, MsgId, Timestamp};
use cairn_session::store::{ENTRIES_BYTES_MAX, Opened, Store};
use cairn_session::{
    Changes, Command, Effect, Fetched, Input, Link, Model, Options, Place, RowKey, WindowView, Zone,
};

use super::fill::{LONG, ME, Texts, account};
use super::{Draws, Measured, Spread, cache_failed};
use crate::error::{BenchError, Result};
use crate::system::{processor_s, resident_mib};

/// Rows on screen.
const SCREEN_ROWS: usize = 40;

/// Pages of scrolling.
const PAGES: usize = 200;

/// Frames per second while messages arrive.
const FRAMES_PER_S: u32 = 60;

/// Frames while messages arrive.
const FRAMES: usize = 600;

/// Conversations to which the messages go.
const BUSY: u64 = 20;

/// Queries of the quick switcher.
const QUERIES: [&str; 4] = ["g", "group 7", "us", "gr 12"];

/// What is typed while messages arrive, again and again.
const TYPED: &str = "see you at ten, 明天见 ";

struct Client {
    model: Model,
    store: Store,
    now: Timestamp,
    /// What is to be drawn again.
    changes: Changes,
}

/// Returns what is done, and the processor time that it took, in microseconds.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let before = processor_s();
    let done = work();
    (done, (processor_s() - before) * 1e6)
}

impl Client {
    fn open(dir: &Path, now: Timestamp) -> Result<Self> {
        let opened = Store::open(&account(), Some(dir), ENTRIES_BYTES_MAX, now);
        let opened = opened.map_err(cache_failed)?;
        let Opened {
            store, restored, ..
        } = opened;
        let mut client = Self {
            model: Model::new(Options::new(ME)),
            store,
            now,
            changes: Changes::default(),
        };
        client.apply(Input::Zone(Zone::utc()))?;
        client.apply(Input::Restored(Box::new(restored)))?;
        client.apply(Input::Clock(now))?;
        Ok(client)
    }

    /// Applies an input and performs what concerns the store.
    fn apply(&mut self, input: Input) -> Result<()> {
        let failed = cache_failed;
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            for effect in self.model.apply(input) {
                match effect {
                    Effect::Store(op) => self.store.push(op),
                    Effect::Load {
                        id,
                        conversation,
                        range,
                        limit,
                    } => {
                        self.store.settle().map_err(failed)?;
                        let loaded = self.store.load(conversation, range, limit);
                        let (messages, as_of) = loaded.map_err(failed)?;
                        let page = Fetched::Stored { messages, as_of };
                        inputs.push(Input::Page { id, page });
                    }
                    Effect::Dirty(part) => drop(self.changes.parts.insert(part)),
                    _ => {}
                }
            }
            self.store.settle().map_err(failed)?;
        }
        Ok(())
    }

    fn command(&mut self, command: Command) -> Result<()> {
        self.apply(Input::Command(command))
    }

    fn window(&self) -> Option<std::sync::Arc<WindowView>> {
        self.model.window_shared(LONG)
    }

    /// Shows the rows before this one. Returns the first row that is shown then.
    fn scroll(&mut self, first: RowKey) -> Result<RowKey> {
        let Some(window) = self.window() else {
            return Ok(first);
        };
        let at = window.find(first).unwrap_or_default();
        let from = at.saturating_sub(SCREEN_ROWS);
        let keys = [from, (from + SCREEN_ROWS).min(window.rows.len()) - 1];
        let [from, to] = keys.map(|at| window.rows[at].key);
        self.command(Command::Seen {
            conversation: LONG,
            first: from,
            last: to,
        })?;
        self.window();
        Ok(from)
    }

    /// Lets the messages of one frame arrive. Returns the time that each took.
    fn arrive(&mut self, texts: &mut Texts, heads: &mut [u64], count: usize) -> Result<f64> {
        let mut messages: Vec<Message> = Vec::new();
        for number in 0..count {
            let at = number % heads.len();
            heads[at] += 1;
            let id = ConversationId::new(at as u64 + 1);
            let mut message = texts.message(id, MsgId::new(heads[at]));
            message.sent_at = self.now;
            messages.push(message);
        }
        self.now = Timestamp::new(self.now.get() + u64::from(1_000 / FRAMES_PER_S));
        let now = self.now;
        let (applied, time) = timed(|| {
            for message in messages {
                self.apply(Input::Entries(vec![message]))?;
            }
            self.apply(Input::Clock(now))
        });
        applied.map(|()| time / count as f64)
    }
}

pub(super) fn measure(dir: &Path, rate: u32, draws: Option<Draws>) -> Result<Measured> {
    let now = Timestamp::new(1_800_000_000_000);
    let (client, list_us) = timed(|| {
        let client = Client::open(dir, now)?;
        black_box((client.model.list_shared(), client.model.totals()));
        Ok::<_, BenchError>(client)
    });
    let mut client = client?;
    let (opened, window_us) = timed(|| {
        client.command(Command::Open {
            conversation: LONG,
            at: Place::End,
        })?;
        client.window();
        Ok::<_, BenchError>(())
    });
    opened?;
    let mut pages = Vec::new();
    let rows = client.window();
    let last = rows.and_then(|window| window.rows.last().map(|row| row.key));
    let mut first = last.unwrap_or(RowKey::Start);
    for _ in 0..PAGES {
        let (page, time) = timed(|| client.scroll(first));
        first = page?;
        pages.push(time);
    }
    let resident_mib = resident_mib(process::id());
    let mut switcher = Vec::new();
    for query in QUERIES.iter().cycle().take(10 * QUERIES.len()) {
        switcher.push(timed(|| client.model.switcher(query)).1);
    }
    client.apply(Input::Link(Link::Online))?;
    client.command(Command::Jump {
        conversation: LONG,
        to: Place::End,
    })?;
    let (message_us, views) = arrivals(&mut client, rate)?;
    let (frames, keys) = draws.map_or(Ok(Default::default()), |draws| {
        drawing(&mut client, rate, draws)
    })?;
    Ok(Measured {
        list_ms: list_us / 1e3,
        window_ms: window_us / 1e3,
        page_us: Spread::of(pages),
        message_us,
        views_us: Spread::of(views),
        switcher_us: Spread::of(switcher),
        frame_us: Spread::of(frames),
        key_us: Spread::of(keys),
        resident_mib,
    })
}

/// The last numbers of the conversations to which messages go.
fn heads(client: &Client) -> Vec<u64> {
    let list = client.model.list_shared();
    let head = |id| list.iter().find(|view| view.id == ConversationId::new(id));
    let heads = (1..=BUSY).filter_map(head);
    heads.map(|view| view.head.get()).collect()
}

/// Messages that arrive in the time of a frame.
fn per_frame(rate: u32) -> usize {
    usize::try_from(rate / FRAMES_PER_S).unwrap_or(1).max(1)
}

/// Lets messages arrive for some seconds. Returns the time of one message, and of the views after
/// each frame.
fn arrivals(client: &mut Client, rate: u32) -> Result<(f64, Vec<f64>)> {
    let (mut heads, count) = (heads(client), per_frame(rate));
    let mut texts = Texts::new(2);
    let (mut times, mut views) = (Vec::new(), Vec::new());
    for _ in 0..FRAMES {
        times.push(client.arrive(&mut texts, &mut heads, count)?);
        let frame = || {
            let (list, totals) = (client.model.list_shared(), client.model.totals());
            black_box((list, totals, client.window()));
        };
        views.push(timed(frame).1);
    }
    let message_us = times.iter().sum::<f64>() / times.len() as f64;
    Ok((message_us, views))
}

/// Draws while messages arrive, and types a key between two frames. Returns the times of the frames
/// and of the keys.
fn drawing(client: &mut Client, rate: u32, draws: Draws) -> Result<(Vec<f64>, Vec<f64>)> {
    let (mut heads, count) = (heads(client), per_frame(rate));
    let mut texts = Texts::new(3);
    let mut screen = draws(ME, LONG, &client.model);
    client.changes = Changes::default();
    let (mut frames, mut keys) = (Vec::new(), Vec::new());
    for (_, typed) in (0..FRAMES).zip(TYPED.chars().cycle()) {
        client.arrive(&mut texts, &mut heads, count)?;
        let changes = std::mem::take(&mut client.changes);
        frames.push(timed(|| screen.frame(&client.model, &changes)).1);
        keys.push(timed(|| screen.key(typed)).1);
    }
    Ok((frames, keys))
}
