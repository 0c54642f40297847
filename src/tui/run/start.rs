//! Starts the client: the profile, the settings, the terminal, the session.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use cairn_client::{Client, ClientBuilder};
use cairn_proto::ids::ConversationId;
use cairn_session::{Command, ConversationView, NoticeSettings, Session, SessionOptions};
use jiff::tz::TimeZone;
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::task::{LocalSet, spawn_local};

use crate::cli::{Exit, Failure, Profile, Target};
use crate::tui::app::model::state::{Settings, State};
use crate::tui::app::msg::Msg;
use crate::tui::args::ChatArgs;
use crate::tui::config::Config;
use crate::tui::keys::bindings::Bindings;
use crate::tui::run::commands::Runs;
use crate::tui::run::views::Views;
use crate::tui::run::{App, clock, plain};
use crate::tui::term::guard::Guard;
#[cfg(unix)]
use crate::tui::term::hangup;
use crate::tui::term::screen::Screen;
use crate::tui::term::{links, probe};
use crate::tui::text::words;
use crate::tui::theme::{Role, Theme};

/// Runs the client until the user quits.
pub(crate) async fn chat(args: ChatArgs, profile: &Profile) -> Result<(), Failure> {
    let account = profile.account()?;
    let config = config(profile)?;
    let bindings = Bindings::new(&config.keys).map_err(|error| wrong(profile, &error))?;
    let is_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    if !args.plain && !is_terminal {
        return Err(Failure::new(Exit::Usage, words::NO_TERMINAL).hint(words::NO_TERMINAL_HINT));
    }
    let zone = TimeZone::system();
    let options = SessionOptions {
        dir: (!args.no_cache).then(|| profile.dir().to_owned()),
        zone: clock::zone(&zone),
        client: builder(),
        ..SessionOptions::new()
    };
    let session = Session::open(&account, options)
        .map_err(|error| Failure::caused(Exit::Failed, words::CANNOT_START, &error))?;
    session.command(Command::Notices(NoticeSettings {
        keywords: config
            .keywords
            .iter()
            .filter_map(|word| word.parse().ok())
            .collect(),
        quiet_until: None,
    }));
    let wanted = Wanted {
        target: args.target,
    };
    let local = LocalSet::new();
    if args.plain {
        return local.run_until(plain::run(session, wanted, &zone)).await;
    }
    let settings = Settings {
        theme: Theme::detect(|name| std::env::var(name).ok(), config.background()),
        ambiguous: config.ambiguous().unwrap_or_default(),
        bindings,
        is_vim: config.vim,
        zone,
        me: account.user,
        server: account.addr.to_string(),
        has_pictures: !config.no_pictures,
    };
    let runs = Runs::new(profile.dir().to_owned());
    let result = local
        .run_until(full_screen(session, settings, &config, runs, wanted))
        .await;
    result.map_err(|error| Failure::caused(Exit::Failed, words::TERMINAL_FAILED, &error))
}

async fn full_screen(
    session: Session,
    mut settings: Settings,
    config: &Config,
    runs: Runs,
    wanted: Wanted,
) -> io::Result<()> {
    let guard = Guard::enter(!config.no_mouse)?;
    #[cfg(unix)]
    hangup::watch()?;
    let probed = probe::probe().unwrap_or_default();
    if config.ambiguous().is_none() {
        // A terminal that does not answer shows them narrow, as most do.
        settings.ambiguous = probed.ambiguous.unwrap_or_default();
    }
    if let (None, Some(background)) = (config.background(), probed.background) {
        settings.theme = settings.theme.on(background);
    }
    let (columns, rows) = crossterm::terminal::size()?;
    let mut state = State::new(settings, columns, rows);
    state.early = probed.typed;
    if is_ascii_locale() {
        state.note(words::ASCII_LOCALE, Role::Error);
    }
    let has_links = config
        .links()
        .unwrap_or_else(|| links::are_known(|name| std::env::var(name).ok()));
    let (sender, tasks) = mpsc::unbounded_channel();
    let mut app = App {
        state,
        session,
        guard,
        screen: Screen::new(has_links),
        events: None,
        views: Views::new(),
        runs,
        notifier: config.notifier(),
        sender,
        wanted: Some(wanted),
        seen: None,
        is_over: false,
    };
    app.refresh(None);
    app.open_wanted().await?;
    let result = app.run(tasks).await;
    let App { session, guard, .. } = app;
    // The terminal first: closing may wait for the server.
    drop(guard);
    session.close().await;
    result
}

fn builder() -> ClientBuilder {
    Client::builder()
}

fn config(profile: &Profile) -> Result<Config, Failure> {
    let path = profile.dir().join("config.toml");
    Config::read(&path).map_err(|error| wrong(profile, &error))
}

fn wrong(profile: &Profile, error: &(dyn std::error::Error + 'static)) -> Failure {
    let path = profile.dir().join("config.toml");
    Failure::caused(
        Exit::Usage,
        words::wrong_config(&path.display().to_string()),
        error,
    )
}

/// Terminals such as tmux replace what such a locale cannot show.
fn is_ascii_locale() -> bool {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = set("LC_ALL")
        .or_else(|| set("LC_CTYPE"))
        .or_else(|| set("LANG"));
    matches!(locale.as_deref(), Some("C" | "POSIX"))
}

fn is_group(listed: &ConversationView) -> bool {
    listed.peer.is_none() && listed.of_desk.is_none()
}

/// The conversation to open first.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    target: Option<Target>,
}

impl Wanted {
    /// Finds it in the list; without a target, the first one.
    pub(super) fn find(&self, list: &[Arc<ConversationView>]) -> Option<ConversationId> {
        let found = match &self.target {
            None => list.first(),
            Some(Target::Id(id)) => return Some(*id),
            Some(Target::Group(name)) => list.iter().find(|listed| {
                is_group(listed) && name.as_str().to_lowercase() == listed.name.to_lowercase()
            }),
            Some(Target::User(name)) => list.iter().find(|listed| {
                listed.peer.is_some() && name.as_str().to_lowercase() == listed.name.to_lowercase()
            }),
        };
        found.map(|listed| listed.id)
    }

    /// Asks the server for a target that is not in the list.
    pub(super) fn resolve(&self, client: &Client, sender: &UnboundedSender<Msg>) {
        let Some(target) = self.target.clone().filter(|_| client.is_online()) else {
            return;
        };
        let (client, sender) = (client.clone(), sender.clone());
        spawn_local(async move {
            let message = match target.resolve(&client).await {
                Ok(id) => Msg::Opened(id),
                Err(failure) => Msg::Note {
                    text: failure.text(false).trim().to_owned(),
                    role: Role::Error,
                },
            };
            let _ = sender.send(message);
        });
    }
}
