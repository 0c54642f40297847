//! The client as lines, for screen readers and braille displays: what comes is printed once, in
//! order, and each line of input is a message or a command.

use std::io::{self, BufRead as _, Write as _};
use std::time::Duration;

use cairn_proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_session::{Aim, Command, Draft, LinkView, Model, Place, Row, RowKey, Session, What};
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

/// How long messages wait for the names of their senders.
const NAME_TIME: Duration = Duration::from_secs(2);

/// What was printed last, so that nothing is printed twice.
struct Plain<'a> {
    session: &'a Session,
    zone: &'a TimeZone,
    open: Option<ConversationId>,
    last: Option<MsgId>,
    /// Since when a name is missing.
    nameless_since: Option<Instant>,
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
        nameless_since: None,
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
            () = sleep(NAME_TIME), if plain.nameless_since.is_some() => plain.print()?,
            _ = session.changed() => {
                plain.open_wanted(&wanted).await?;
                plain.print()?;
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
            let list = self.session.model().list();
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
        self.last = None;
        let open = Command::Open {
            conversation: id,
            at: Place::FirstUnread,
        };
        self.session.perform(open).await;
        let listed = self.session.model().conversation(id);
        if let Some(listed) = listed {
            print_line(&words::plain_open(&name(&listed)))?;
        }
        self.print()
    }

    /// Prints what is new: the connection, and rows of the open conversation.
    fn print(&mut self) -> io::Result<()> {
        let (link, view) = {
            let model = self.session.model();
            let link = match model.link() {
                LinkView::Online => Some(words::ONLINE.to_owned()),
                link => words::link(&link, model.now()),
            };
            (link, self.open.and_then(|id| model.window(id)))
        };
        if let Some(link) = link.filter(|link| self.link.as_ref() != Some(link)) {
            print_line(&link)?;
            self.link = Some(link);
        }
        let Some(view) = view else { return Ok(()) };
        if view.is_loading && self.last.is_none() {
            return Ok(());
        }
        // Rows without a number, such as days, are printed before the next entry.
        let mut before = Vec::new();
        for row in &view.rows {
            if self.is_waiting_for_name(row) {
                break;
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
        if let (Some(first), Some(last)) = (view.rows.first(), view.rows.last()) {
            self.session.command(Command::Seen {
                conversation: view.conversation,
                first: first.key,
                last: last.key,
            });
        }
        Ok(())
    }

    /// Names come soon after messages. Nothing waits for one for long.
    fn is_waiting_for_name(&mut self, row: &Row) -> bool {
        let user = match &row.what {
            What::Message(message) => message.entry.sender,
            What::System { by, .. } => *by,
            _ => return false,
        };
        if self.session.model().user(user).is_some() {
            self.nameless_since = None;
            return false;
        }
        let since = *self.nameless_since.get_or_insert_with(Instant::now);
        since.elapsed() < NAME_TIME
    }

    fn line(&self, model: &Model, row: &Row) -> Option<String> {
        let user = |id: UserId| match model.user(id) {
            Some(user) => one_line(user.name.as_str()),
            None => words::unknown_user(id),
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
            Slash::File { path, caption } => match files::describe(&path) {
                Ok(file) => self.send(caption, Aim::New, vec![file]).await?,
                Err(why) => print_line(&why)?,
            },
            Slash::Help => print_line(words::PLAIN_HELP)?,
            Slash::Command(words) if words.first().is_some_and(|word| word == "open") => {
                self.open_named(words.get(1).map_or("", String::as_str))
                    .await?;
            }
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
