//! Performs effects.

use std::io;

use cairn_proto::ids::{ConversationId, UserId};
use cairn_session::{Command, Hit, HitTarget, Place};

use crate::tui::app::model::picker::{Item, Value};
use crate::tui::app::msg::{Effect, Msg};
use crate::tui::draw::list::sign;
use crate::tui::run::{App, clock, editor, fetch, files, opener};
use crate::tui::term::osc;
use crate::tui::term::screen::Screen;
use crate::tui::text::words;
use crate::tui::theme::Role;

impl App {
    pub(super) async fn perform(&mut self, effect: Effect) -> io::Result<()> {
        match effect {
            Effect::Session(command) => self.command(*command).await,
            Effect::Hits(query) => {
                let items = self.hits(&query);
                self.note(Msg::Hits { query, items });
            }
            Effect::Run { run, words } => {
                let (client, sender) = (self.session.client(), self.sender.clone());
                self.runs.start(run, words, client, sender);
            }
            Effect::CancelRun(run) => self.runs.cancel(run),
            Effect::Search {
                search,
                within,
                query,
            } => {
                let (client, sender) = (self.session.client(), self.sender.clone());
                let list = self.state.world.list.clone();
                fetch::search(search, within, query, list, client, sender);
            }
            Effect::Fetch(what) => {
                let (client, sender) = (self.session.client(), self.sender.clone());
                fetch::card(what, client, self.state.settings.theme, sender);
            }
            Effect::Attach {
                path,
                caption,
                as_file,
            } => {
                let file = files::describe(&path, as_file);
                self.note(Msg::Attached { file, caption });
            }
            Effect::Paths(typed) => {
                let paths = files::completions(&typed);
                self.note(Msg::Paths { typed, paths });
            }
            Effect::Meet(user) => self.meet(user).await?,
            Effect::OpenFile {
                conversation,
                msgid,
            } => {
                let client = self.session.client();
                let (folder, sender) = (self.runs.folder().to_owned(), self.sender.clone());
                opener::open_file(client, conversation, msgid, folder, sender);
            }
            Effect::OpenLink(link) => {
                let text = match opener::open_link(&link) {
                    Ok(()) => words::opened(&link),
                    Err(_) => words::not_opened(&link),
                };
                self.note(Msg::Note {
                    text,
                    role: Role::Dim,
                });
            }
            Effect::Copy(text) => match osc::copy(&text) {
                Some(sequence) => Screen::write(&sequence)?,
                None => self.note(Msg::Note {
                    text: words::TOO_LONG_TO_COPY.to_owned(),
                    role: Role::Error,
                }),
            },
            Effect::ExternalEditor(text) => self.edit(&text).await?,
            Effect::Mouse(is_ours) => self.guard.set_mouse(is_ours)?,
            Effect::Suspend => self.suspend()?,
            Effect::Redraw => self.screen.clear(),
            Effect::Quit => self.is_over = true,
        }
        Ok(())
    }

    /// Passes a command on. Where the view depends on it, the next input waits for it.
    async fn command(&mut self, command: Command) {
        match command {
            Command::Draft(_) | Command::Typing(_) | Command::Seen { .. } => {
                self.session.command(command);
            }
            command => {
                self.session.perform(command).await;
                self.refresh(None);
            }
        }
    }

    fn note(&self, message: Msg) {
        // The receiver outlives the loop.
        let _ = self.sender.send(message);
    }

    fn hits(&self, query: &str) -> Vec<Item> {
        let model = self.session.model();
        let hits = model.switcher(query);
        let item = |hit: Hit| {
            let value = match hit.target {
                HitTarget::Conversation(id) => Value::Conversation(id),
                HitTarget::User(user) => Value::User(user, format!("@{}", hit.name)),
            };
            let listed = match hit.target {
                HitTarget::Conversation(id) => model.conversation(id),
                HitTarget::User(_) => None,
            };
            let sign = listed.as_ref().map_or('@', sign);
            let unread = listed.map_or(0, |listed| listed.unread.messages);
            Item {
                label: format!("{sign}{}", hit.name),
                matched: hit.at.into_iter().map(|at| at + 1).collect(),
                detail: match unread {
                    0 => String::new(),
                    count => words::unread(count),
                },
                value,
            }
        };
        hits.into_iter().map(item).collect()
    }

    /// Opens the direct chat with a user. It begins with the first message.
    async fn meet(&mut self, user: UserId) -> io::Result<()> {
        match ConversationId::direct(self.state.settings.me, user) {
            Some(id) => {
                let mut effects = Vec::new();
                self.state.open(id, Place::End, &mut effects);
                for effect in effects {
                    Box::pin(self.perform(effect)).await?;
                }
            }
            None => self.note(Msg::Note {
                text: words::NOT_YOURSELF.to_owned(),
                role: Role::Dim,
            }),
        }
        Ok(())
    }

    async fn edit(&mut self, text: &str) -> io::Result<()> {
        // The stream reads the terminal in a thread of its own, also while an editor runs.
        self.events = None;
        let edited = self.guard.outside(|| editor::edit(text))?;
        self.screen.clear();
        Box::pin(self.apply(Msg::Edited(edited))).await
    }

    pub(super) fn suspend(&mut self) -> io::Result<()> {
        self.events = None;
        self.guard.outside(clock::stop)?;
        let (columns, rows) = crossterm::terminal::size()?;
        (self.state.columns, self.state.rows) = (columns, rows);
        self.screen.clear();
        Ok(())
    }
}
