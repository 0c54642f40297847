//! The event loop: input of the terminal and changes of the session become messages, and effects
//! are performed.

mod clock;
mod commands;
mod editor;
mod effects;
mod fetch;
mod files;
#[cfg(feature = "bench")]
mod frames;
mod notify;
mod opener;
mod plain;
mod start;
mod views;

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use cairn_proto::ids::ConversationId;
use cairn_session::store::Condition;
use cairn_session::{Changes, Command, Place, RowKey, Session};
use crossterm::event::{Event, EventStream, KeyEventKind, MouseButton, MouseEventKind};
use futures_core::Stream as _;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};

use crate::cli::signals::interrupt_or_terminate;
use crate::tui::app::model::state::State;
use crate::tui::app::msg::{Effect, Msg};
use crate::tui::app::update::update;
use crate::tui::keys::chord::Chord;
use crate::tui::picture::{self, Thumb};
use crate::tui::run::commands::Runs;
use crate::tui::run::start::Wanted;
use crate::tui::run::views::Views;
use crate::tui::term::guard::Guard;
use crate::tui::term::osc::Notifier;
use crate::tui::term::screen::Screen;

#[cfg(feature = "bench")]
pub(crate) use frames::frames;
pub(crate) use start::chat;

/// Changes of the session are drawn at most this often; keys are drawn at once.
const FRAME_INTERVAL: Duration = Duration::from_millis(16);

/// Lines that one step of the wheel scrolls.
const WHEEL_LINES: i32 = 3;

/// The running client.
struct App {
    state: State,
    session: Session,
    guard: Guard,
    screen: Screen,
    events: Option<EventStream>,
    views: Views,
    runs: Runs,
    notifier: Notifier,
    /// Messages of tasks.
    sender: mpsc::UnboundedSender<Msg>,
    /// What `cairn chat TARGET` named, until it is found.
    wanted: Option<Wanted>,
    seen: Option<Seen>,
    is_over: bool,
}

/// The rows on screen, the anchor of the window, and whether it holds the end: they are sent to the
/// session again if one of them changes, as the same rows mean something else after a jump.
type Seen = ((ConversationId, RowKey, RowKey), (u64, bool));

/// What woke the loop.
enum Woken {
    Input(Option<io::Result<Event>>),
    Changed(Changes),
    Task(Option<Msg>),
    Time,
    Stop,
    Continued,
}

impl App {
    async fn run(&mut self, mut tasks: mpsc::UnboundedReceiver<Msg>) -> io::Result<()> {
        let mut drawn = Instant::now();
        let mut is_due = true;
        self.refresh(None);
        self.time();
        self.tell_condition();
        let mut stop = Box::pin(interrupt_or_terminate());
        let mut suspended = clock::Suspended::new()?;
        while !self.is_over {
            let now = Instant::now();
            if is_due && now >= drawn {
                self.draw()?;
                drawn = Instant::now() + FRAME_INTERVAL;
                is_due = false;
            }
            let wake = self.wake(is_due.then_some(drawn));
            let events = self.events.get_or_insert_with(EventStream::new);
            let woken = tokio::select! {
                event = next(events) => Woken::Input(event),
                _ = &mut stop => Woken::Stop,
                () = suspended.requested() => Woken::Continued,
                message = tasks.recv() => Woken::Task(message),
                changes = self.session.changed() => Woken::Changed(changes),
                () = sleep_until(wake) => Woken::Time,
            };
            self.time();
            match woken {
                Woken::Input(None) | Woken::Stop => self.quit().await?,
                Woken::Input(Some(event)) => {
                    self.input(event?).await?;
                    // What follows at once is drawn together with it.
                    while let Some(event) = self.ready().await {
                        self.input(event?).await?;
                    }
                    drawn = Instant::now();
                }
                Woken::Changed(changes) => self.changed(&changes).await?,
                Woken::Task(Some(message)) => self.apply(message).await?,
                Woken::Task(None) | Woken::Time => {}
                Woken::Continued => self.suspend()?,
            }
            is_due = true;
        }
        Ok(())
    }

    fn draw(&mut self) -> io::Result<()> {
        self.screen.draw(&self.state)?;
        self.decode_pictures();
        self.screen.title(notify::title(&self.state))?;
        let rows = self.state.seen();
        let window = self.state.window();
        let seen = rows.zip(window.map(|window| (window.anchor.number, window.is_at_end)));
        if seen != self.seen {
            if let Some((conversation, first, last)) = rows {
                self.session.command(Command::Seen {
                    conversation,
                    first,
                    last,
                });
            }
            self.seen = seen;
        }
        Ok(())
    }

    /// Decodes the previews on screen, each once and in another thread.
    fn decode_pictures(&mut self) {
        for (key, bytes) in picture::wanted(&self.state) {
            self.state.pictures.set(key, Thumb::Awaited);
            let (sender, backdrop) = (self.sender.clone(), self.state.settings.theme.backdrop());
            spawn_blocking(move || {
                let pixels = picture::decode(&bytes, backdrop);
                let thumb = pixels.map_or(Thumb::Unusable, Thumb::Ready);
                let _ = sender.send(Msg::Picture(key, thumb));
            });
        }
    }

    /// When the loop continues by itself.
    fn wake(&self, frame: Option<Instant>) -> Instant {
        let state = self.state.wake_at().map(|at| {
            let millis = at.get().saturating_sub(clock::now().get());
            Instant::now() + Duration::from_millis(millis)
        });
        let never = Instant::now() + Duration::from_secs(24 * 60 * 60);
        state.into_iter().chain(frame).min().unwrap_or(never)
    }

    fn time(&mut self) {
        // Effects of time are drafts to keep.
        for effect in update(&mut self.state, Msg::Time(clock::now())) {
            if let Effect::Session(command) = effect {
                self.session.command(*command);
            }
        }
    }

    /// The next event, if it is there already.
    async fn ready(&mut self) -> Option<io::Result<Event>> {
        let events = self.events.as_mut()?;
        poll_fn(|context| {
            std::task::Poll::Ready(match Pin::new(&mut *events).poll_next(context) {
                std::task::Poll::Ready(event) => event,
                std::task::Poll::Pending => None,
            })
        })
        .await
    }

    async fn input(&mut self, event: Event) -> io::Result<()> {
        let message = match event {
            Event::Key(key) if key.kind == KeyEventKind::Release => return Ok(()),
            Event::Key(key) => Msg::Key(Chord::of(key)),
            Event::Paste(text) => Msg::Paste(text),
            Event::Resize(columns, rows) => Msg::Resize { columns, rows },
            Event::FocusGained => Msg::Focus(true),
            Event::FocusLost => Msg::Focus(false),
            Event::Mouse(mouse) => match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => Msg::Click {
                    column: mouse.column,
                    row: mouse.row,
                },
                MouseEventKind::ScrollUp => Msg::Wheel(-WHEEL_LINES),
                MouseEventKind::ScrollDown => Msg::Wheel(WHEEL_LINES),
                _ => return Ok(()),
            },
        };
        self.apply(message).await
    }

    async fn apply(&mut self, message: Msg) -> io::Result<()> {
        for effect in update(&mut self.state, message) {
            self.perform(effect).await?;
        }
        Ok(())
    }

    async fn changed(&mut self, changes: &Changes) -> io::Result<()> {
        self.refresh(Some(changes));
        if changes.notices {
            self.notify()?;
        }
        if changes.condition {
            self.tell_condition();
        }
        self.open_wanted().await
    }

    /// Shows what the session shows now.
    fn refresh(&mut self, changes: Option<&Changes>) {
        let kept = self.state.kept_rows();
        let is_second = matches!(*self.session.condition(), Condition::InUse);
        let world = {
            let model = self.session.model();
            self.views
                .world(&model, is_second, self.state.open, &kept, changes)
        };
        let effects = update(&mut self.state, Msg::World(Box::new(world)));
        debug_assert!(effects.is_empty(), "views have no effects");
    }

    /// Opens what the command line named, once it is known.
    async fn open_wanted(&mut self) -> io::Result<()> {
        let Some(wanted) = self.wanted.take() else {
            return self.reopen().await;
        };
        if self.state.open.is_some() {
            return self.reopen().await;
        }
        match wanted.find(&self.state.world.list) {
            Some(id) => {
                let mut effects = Vec::new();
                self.state.open(id, Place::FirstUnread, &mut effects);
                for effect in effects {
                    self.perform(effect).await?;
                }
            }
            None => {
                wanted.resolve(&self.session.client(), &self.sender);
                self.wanted = Some(wanted);
            }
        }
        Ok(())
    }

    /// Opens the conversation again, if the session did not know it when it was opened.
    async fn reopen(&mut self) -> io::Result<()> {
        match self.state.open {
            Some(id)
                if self.state.window().is_none() && self.state.world.conversation(id).is_some() =>
            {
                let at = Place::FirstUnread;
                let conversation = id;
                self.session
                    .perform(Command::Open { conversation, at })
                    .await;
                self.refresh(None);
            }
            _ => {}
        }
        Ok(())
    }

    async fn quit(&mut self) -> io::Result<()> {
        let mut effects = Vec::new();
        self.state.quit(&mut effects);
        for effect in effects {
            self.perform(effect).await?;
        }
        Ok(())
    }
}

/// The next event of the terminal.
async fn next(events: &mut EventStream) -> Option<io::Result<Event>> {
    poll_fn(|context| Pin::new(&mut *events).poll_next(context)).await
}
