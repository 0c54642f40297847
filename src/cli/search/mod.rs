//! `cairn search`

mod hit_view;

use cairn_client::search as query;
use cairn_client::{Client, Search};
use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::search::{Condition, Query, Test};
use cairn_proto::model::user::UserInfo;
use cairn_proto::text::UserName;
use clap::Args;

use self::hit_view::{HitView, Places};
use crate::cli::args::target::{Target, find_user, parse_user};
use crate::cli::chat::names::Names;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::limits;
use crate::cli::output::Output;
use crate::ui::time::Local;

/// Search the messages of all your conversations
///
/// Shows the newest first. Words must all occur, in any order; parts of a query with a space
/// belong in quotes for the shell: cairn search '"see you" bob'. docs/SEARCH.md has all rules.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn search lunch
  cairn search '上海 versio*' --in '#team'
  cairn search 'from:me has:file after:2026-11'
  cairn search '\"see you\" -tomorrow' --json | jq -r .text
  cairn tail '#team' --around 1234           to see what was said before and after

QUERY
  word  beginn*  \"a phrase\"  -word  this OR that  xorg.conf
  from:NAME  mentions:me  in:'#team'  before: after: on:2026-11-21, today, \"last week\"
  has:file image video link reaction  is:pinned edited unread

JSON, one for each message, with the fields of `cairn tail` and
  matches                  [[0,6],[9,12]]: what matched, in bytes of text
  file_name_matches        the same in the name of the file, where something of it matched")]
pub(crate) struct SearchArgs {
    /// Words and filters. One that begins with - follows --
    #[arg(required = true, value_name = "QUERY")]
    query: Vec<String>,

    /// Search one conversation: '#group', '@user' or '#id:NUMBER'
    #[arg(long = "in", value_name = "TARGET")]
    within: Option<Target>,

    /// Show only messages of this user
    #[arg(long, value_name = "USER", value_parser = parse_user)]
    from: Option<UserName>,

    /// Show at most this many messages
    #[arg(long, value_name = "N", default_value_t = limits::SEARCH_HITS_DEFAULT,
        value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

pub(crate) async fn run(
    args: &SearchArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let text = args.query.join(" ");
    let parsed = query::parse(&text, &jiff::Zoned::now())
        .map_err(|error| Failure::new(Exit::Usage, error).hint("`cairn search --help`"))?;
    let client = context.client(Conduct::Ask).await?;
    let query = narrowed(args, resolved(client, &parsed).await?, client).await?;
    let mut search = client.search(query).hits_per_page(args.limit);
    if show(client, output, &mut search, args.limit).await? {
        return Ok(());
    }
    let failure = Failure::new(Exit::Failed, format!("nothing found for {text}"));
    Err(match search.respelling().await? {
        Some(respelling) => {
            let text = query::respell(&text, &respelling);
            failure.hint(format!("did you mean: {text}"))
        }
        None => failure,
    })
}

/// Looks up the names in a query as those of other commands.
async fn resolved(client: &Client, parsed: &query::Parsed) -> Result<Query, Failure> {
    let mut users = Vec::new();
    for typed in parsed.users() {
        users.push((typed, user_named(client, typed).await?));
    }
    let mut conversations = Vec::new();
    for typed in parsed.conversations() {
        conversations.push((typed, conversation_named(client, typed).await?));
    }
    parsed.resolve(
        |typed| id_of(&users, typed),
        |typed| id_of(&conversations, typed),
    )
}

fn id_of<T: Copy>(known: &[(&str, T)], typed: &str) -> Result<T, Failure> {
    let found = known.iter().find(|(name, _)| *name == typed);
    found
        .map(|(_, id)| *id)
        .ok_or_else(|| Failure::new(Exit::Failed, format!("unknown name {typed}")))
}

async fn user_named(client: &Client, typed: &str) -> Result<UserId, Failure> {
    if matches!(typed, "me" | "@me") {
        return Ok(client.whoami().user);
    }
    let name = parse_user(typed).map_err(|error| Failure::new(Exit::Usage, error))?;
    let UserInfo { id, .. } = find_user(client, &name).await?;
    Ok(id)
}

/// A name without a sigil is that of a group.
async fn conversation_named(client: &Client, typed: &str) -> Result<ConversationId, Failure> {
    let target = match typed.starts_with(['#', '@']) {
        true => typed.parse::<Target>(),
        false => format!("#{typed}").parse(),
    };
    let target = target.map_err(|error| Failure::new(Exit::Usage, error))?;
    target.resolve(client).await
}

/// Adds the options to the query.
async fn narrowed(args: &SearchArgs, query: Query, client: &Client) -> Result<Query, Failure> {
    let mut groups = query.groups().to_vec();
    let mut add = |test| {
        let negated = false;
        groups.push(vec![Condition { negated, test }]);
    };
    if let Some(target) = &args.within {
        add(Test::In(target.resolve(client).await?));
    }
    if let Some(name) = &args.from {
        add(Test::From(find_user(client, name).await?.id));
    }
    Query::new(groups).map_err(|error| Failure::new(Exit::Usage, error))
}

/// Prints up to `limit` messages. Returns whether there was any.
async fn show(
    client: &Client,
    output: &mut Output,
    search: &mut Search,
    limit: u32,
) -> Result<bool, Failure> {
    let mut progress = output.progress();
    let mut names = Names::default();
    let mut places = None;
    let mut left = limit as usize;
    let is_styled = output.is_styled();
    while left > 0
        && let Some(page) = output
            .flush_while_waiting(search.next_page(), || {})
            .await?
    {
        let mut page = page?;
        page.truncate(left);
        left -= page.len();
        if let Some(reached) = search.reached() {
            progress.update(|| format!("searched back to {}", Local(reached.get())));
        }
        if page.is_empty() {
            continue;
        }
        let messages: Vec<_> = page.iter().map(|found| found.message.clone()).collect();
        names.learn(client, &messages).await?;
        if places.is_none() {
            places = Some(Places::of(client).await?);
        }
        for found in &page {
            let view = HitView::new(found, &names, places.as_ref());
            output.print(&view.styled(is_styled))?;
        }
    }
    output.flush()?;
    Ok(left < limit as usize)
}
