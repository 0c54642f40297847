//! The client as lines, for screen readers and braille displays: what comes is printed once, in
//! order, and each line of input is a message or a command.

use std::collections::BTreeSet;
use std::io::{self, BufRead as _, Write as _};
use std::time::Duration;

use cairn_proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_proto::model::desk::Offer;
use cairn_session::{
    Aim, Command, Draft, LinkView, LocalId, Model, Notice, Place, Row, RowKey, SendState, Session,
    What, WindowView,
};
use jiff::tz::TimeZone;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::cli::Failure;
use crate::tui::app::act::slash::{self, Slash};
use crate::tui::draw::list::name;
use crate::tui::draw::rows::{clock, summary};
use crate::tui::run::commands::output;
use crate::tui::run::files;
use crate::tui::run::start::Wanted;
use crate::tui::text::markup::one_line;
use crate::tui::text::words;

/// How long messages wait for the names of their senders, and the first ones for being current.
const WAIT_TIME: Duration = Duration::from_secs(2);

/// Read messages that are printed before the unread ones.
const CONTEXT_ENTRIES: usize = 5;

/// Unread messages that are printed when a conversation is opened; of more, the last ones.
const UNREAD_PRINTED_MAX: usize = 200;

/// What was printed last, so that nothing is printed twice.
struct Plain<'a> {
    session: &'a Session,
    zone: &'a TimeZone,
    open: Option<ConversationId>,
    /// Entries up to this one are printed, or are not to be; `None` before the first ones.
    last: Option<MsgId>,
    /// Entries that are printed first, at most.
    first_entries: usize,
    /// Since when something is missing.
    waiting_since: Option<Instant>,
    /// Own messages whose failure was printed.
    failed: BTreeSet<LocalId>,
    link: Option<String>,
}

pub(super) async fn run(session: Session, wanted: Wanted, zone: &TimeZone) -> Result<(), Failure> {
    let (lines, mut input) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if lines.send(line).is_err() {
                return;
            }
        }
    });
    let mut plain = Plain {
        session: &session,
        zone,
        open: None,
        last: None,
        first_entries: CONTEXT_ENTRIES,
        waiting_since: None,
        failed: BTreeSet::new(),
        link: None,
    };
    print_line(words::PLAIN_START)?;
    if let Some(text) = words::condition(&session.condition()) {
        print_line(&text)?;
        session.damage_reported();
    }
    plain.open_wanted(&wanted).await?;
    loop {
        tokio::select! {
            line = input.recv() => match line {
                Some(line) if plain.input(&line).await? => {}
                _ => break,
            },
            () = sleep(WAIT_TIME), if plain.waiting_since.is_some() => plain.print()?,
            _ = session.changed() => {
                plain.open_wanted(&wanted).await?;
                plain.print()?;
                plain.print_desk()?;
            }
        }
    }
    session.close().await;
    Ok(())
}

fn print_line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

impl Plain<'_> {
    async fn open_wanted(&mut self, wanted: &Wanted) -> io::Result<()> {
        if self.open.is_none() {
            let list = self.session.model().list_shared();
            if let Some(id) = wanted.find(&list) {
                self.go(id).await?;
            }
        }
        Ok(())
    }

    async fn go(&mut self, id: ConversationId) -> io::Result<()> {
        if let Some(left) = self.open.replace(id) {
            self.session.perform(Command::Leave(left)).await;
        }
        (self.last, self.waiting_since) = (None, None);
        let listed = self.session.model().conversation(id);
        let unread = listed.as_ref().map_or(0, |listed| listed.unread.messages);
        let is_much = usize::try_from(unread).is_ok_and(|unread| unread > UNREAD_PRINTED_MAX);
        let (at, first_entries) = match is_much {
            true => (Place::End, UNREAD_PRINTED_MAX),
            false => (Place::FirstUnread, CONTEXT_ENTRIES),
        };
        self.first_entries = first_entries;
        let conversation = id;
        self.session
            .perform(Command::Open { conversation, at })
            .await;
        if let Some(listed) = listed {
            print_line(&words::plain_open(&name(&listed)))?;
            if is_much {
                let from = listed.read.next();
                print_line(&words::plain_skipped(unread, UNREAD_PRINTED_MAX, from))?;
            }
        }
        self.print()
    }

    /// Waits for something, but not for long. Returns whether it is still worth it.
    fn waits(&mut self) -> bool {
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        since.elapsed() < WAIT_TIME
    }

    /// Chooses the first entry to print: some before the first unread one. What is stored on this
    /// machine may be out of date, so it waits for the server a little. Returns whether it is
    /// known.
    fn begin(&mut self, view: &WindowView) -> bool {
        let is_stale = |row: &Row| matches!(&row.what, What::Message(row) if row.is_stale);
        let is_offline = matches!(self.session.model().link(), LinkView::Offline { .. });
        let is_changing = view.is_loading || view.rows.iter().any(is_stale);
        if is_changing && !is_offline && self.waits() {
            return false;
        }
        let end = view.rows.iter().position(|row| row.key == RowKey::Unread);
        let before = view.rows.get(..end.unwrap_or(view.rows.len()));
        let before = before.unwrap_or_default().iter().rev();
        let held = before.take_while(|row| !matches!(row.what, What::Gap { .. }));
        let entries = held.filter_map(|row| match row.key {
            RowKey::Entry(msgid) => Some(msgid),
            _ => None,
        });
        let first = entries.take(self.first_entries).last();
        let unread = end
            .and_then(|end| view.rows.get(end + 1))
            .map(|row| row.key);
        self.last = match (first, unread) {
            (Some(first), _) | (None, Some(RowKey::Entry(first))) => Some(first.prev()),
            _ if view.head <= view.floor => Some(view.floor),
            // Nothing is held yet.
            _ => {
                self.waiting_since = None;
                return false;
            }
        };
        self.waiting_since = None;
        true
    }

    /// Prints what is new: the connection, and rows of the open conversation.
    fn print(&mut self) -> io::Result<()> {
        let (link, view) = {
            let model = self.session.model();
            let link = match model.link() {
                // Said only after something else was.
                LinkView::Online => self.link.is_some().then(|| words::ONLINE.to_owned()),
                LinkView::Connecting => None,
                link => words::link(&link, model.now()),
            };
            (link, self.open.and_then(|id| model.window(id)))
        };
        if let Some(link) = link.filter(|link| self.link.as_ref() != Some(link)) {
            print_line(&link)?;
            self.link = Some(link);
        }
        let Some(view) = view else { return Ok(()) };
        if self.last.is_none() && !self.begin(&view) {
            return Ok(());
        }
        // Rows without a number, such as days, are printed before the next entry.
        let mut before = Vec::new();
        let mut is_nameless = false;
        for row in view.rows.iter() {
            let is_new = |msgid| self.last.is_none_or(|last| last < msgid);
            match row.what {
                // What is missing is requested, since it follows what was seen last.
                What::Gap { to, .. } if is_new(to) => break,
                _ if self.is_waiting_for_name(row) => {
                    is_nameless = true;
                    break;
                }
                _ => {}
            }
            let line = self.line(&self.session.model(), row);
            match row.key {
                RowKey::Entry(msgid) if self.last.is_none_or(|last| last < msgid) => {
                    before.extend(line);
                    for line in before.drain(..) {
                        print_line(&line)?;
                    }
                    self.last = Some(msgid);
                }
                RowKey::Entry(_) => before.clear(),
                RowKey::Day(_) | RowKey::Unread => before.extend(line),
                _ => {}
            }
        }
        if !is_nameless {
            self.waiting_since = None;
        }
        // Only what was printed counts as read.
        if let Some(last) = self.last.filter(|last| *last > view.floor) {
            let key = RowKey::Entry(last);
            self.session.command(Command::Seen {
                conversation: view.conversation,
                first: key,
                last: key,
            });
        }
        self.print_failed(&view)
    }

    /// Prints what happens at the support desk.
    fn print_desk(&self) -> io::Result<()> {
        for notice in self.session.take_notices() {
            if let Notice::Desk(notice) = notice {
                let desk = self.session.model().desk();
                let queue = |offer: &Offer| {
                    let desk = desk.as_ref();
                    let queue = desk.and_then(|desk| desk.queue(offer.info.queue));
                    queue.map_or_else(String::new, |queue| queue.config.name.to_string())
                };
                print_line(&words::desk::spoken(&notice, &queue))?;
            }
        }
        Ok(())
    }

    /// Prints own messages that could not be sent, each once.
    fn print_failed(&mut self, view: &WindowView) -> io::Result<()> {
        for row in view.rows.iter() {
            if let What::Mine(pending) = &row.what
                && matches!(pending.state, SendState::Failed(_) | SendState::Unknown(_))
                && self.failed.insert(pending.id)
            {
                let text = one_line(&words::text_of_pending(pending));
                print_line(&words::plain_failed(&pending.state, &text))?;
            }
        }
        Ok(())
    }

    /// Sends failed and unknown messages of the open conversation again, or drops them.
    async fn decide(&mut self, is_again: bool) {
        let undecided = self.session.model().outbox().into_iter().filter(|pending| {
            Some(pending.conversation) == self.open
                && matches!(pending.state, SendState::Failed(_) | SendState::Unknown(_))
        });
        for pending in undecided.collect::<Vec<_>>() {
            self.failed.remove(&pending.id);
            let command = match is_again {
                true => Command::Again(pending.id),
                false => Command::Withdraw(pending.id),
            };
            self.session.perform(command).await;
        }
    }

    /// Names come soon after messages. Nothing waits for one for long.
    fn is_waiting_for_name(&mut self, row: &Row) -> bool {
        let user = match &row.what {
            What::Message(message) => message.entry.sender,
            What::System { by, .. } => *by,
            _ => return false,
        };
        let is_nameless = ![UserId::SERVER, UserId::VISITOR].contains(&user);
        is_nameless && self.session.model().user(user).is_none() && self.waits()
    }

    fn line(&self, model: &Model, row: &Row) -> Option<String> {
        let open = self.open.and_then(|id| model.conversation(id));
        let user = |id: UserId| match (model.user(id), &open) {
            // A visitor has the name of their inquiry.
            (_, Some(open)) if id == UserId::VISITOR => one_line(&open.name),
            (Some(user), _) => one_line(user.name.as_str()),
            (None, _) => words::unknown_user(id),
        };
        let at = |at: Timestamp| clock(at, self.zone);
        Some(match &row.what {
            What::Start | What::Gap { .. } | What::Mine(_) => return None,
            What::Day(day) => words::day(day),
            What::Unread { count } => words::unread(*count),
            What::System {
                by,
                at: moment,
                line,
            } => {
                let line = one_line(&words::system(line, &user));
                format!("{} {} {line}", at(*moment), user(*by))
            }
            What::Message(message) => {
                let entry = &message.entry;
                let reply = entry.reply_to.map_or_else(String::new, words::plain_reply);
                let (sender, text) = (user(entry.sender), summary(entry));
                format!(
                    "{} {}, {sender}{reply}: {text}",
                    message.msgid,
                    at(entry.sent_at)
                )
            }
        })
    }

    /// Handles a line of input. Returns whether the client continues.
    async fn input(&mut self, line: &str) -> io::Result<bool> {
        match slash::parse(line) {
            Slash::Quit => return Ok(false),
            Slash::Text(text) if cairn_text::is_blank(&text) => {}
            Slash::Text(text) => self.send(text, Aim::New, Vec::new()).await?,
            Slash::Emote(text) => self.send(text, Aim::Emote, Vec::new()).await?,
            Slash::File {
                path,
                caption,
                as_file,
            } => match files::describe(&path, as_file) {
                Ok(file) => self.send(caption, Aim::New, vec![file]).await?,
                Err(why) => print_line(&why)?,
            },
            Slash::Help => print_line(words::PLAIN_HELP)?,
            Slash::Command(words) if words.first().is_some_and(|word| word == "open") => {
                self.open_named(words.get(1).map_or("", String::as_str))
                    .await?;
            }
            Slash::Command(words) if words == ["again"] => self.decide(true).await,
            Slash::Command(words) if words == ["drop"] => self.decide(false).await,
            Slash::Command(words) => match slash::refusal(&words) {
                Some(why) => print_line(&why)?,
                None => {
                    let words = slash::with_target(words, self.open);
                    let (text, _) = output(words, &self.session.client()).await;
                    print_line(text.trim_end())?;
                }
            },
            Slash::Wrong(why) => print_line(&why)?,
        }
        Ok(true)
    }

    async fn open_named(&mut self, typed: &str) -> io::Result<()> {
        let typed = typed.trim_start_matches(['#', '@']);
        let number = typed
            .strip_prefix("id:")
            .and_then(|number| number.parse().ok());
        if let Some(id) = number {
            return self.go(id).await;
        }
        let hit = self
            .session
            .model()
            .switcher(typed)
            .into_iter()
            .find_map(|hit| match hit.target {
                cairn_session::HitTarget::Conversation(id) => Some(id),
                cairn_session::HitTarget::User(_) => None,
            });
        match hit {
            Some(id) => self.go(id).await,
            None => print_line(words::NOTHING_OPEN),
        }
    }

    async fn send(
        &mut self,
        text: String,
        aim: Aim,
        files: Vec<cairn_session::DraftFile>,
    ) -> io::Result<()> {
        let Some(conversation) = self.open else {
            return print_line(words::NOTHING_OPEN);
        };
        let draft = Draft {
            conversation,
            words: text,
            aim,
            files,
        };
        self.session.perform(Command::Send(draft)).await;
        for refused in self.session.take_refused() {
            print_line(&words::draft_refused(&refused.why))?;
        }
        Ok(())
    }
}
