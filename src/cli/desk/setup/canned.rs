//! `cairn desk canned`

use std::fmt;

use cairn_proto::model::desk::Canned;
use cairn_proto::text::{DeskText, Tag};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::super::help;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::ui::sanitize::Sanitized;

/// List, set or remove canned replies
///
/// `cairn desk reply INQUIRY --canned NAME` says one. Agents list them; owners and admins of the
/// server set and remove them.
#[derive(Debug, Args)]
#[command(after_help = help::CANNED)]
pub(crate) struct CannedArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List canned replies
    #[command(after_help = help::CANNED_LIST)]
    List {
        /// The beginning of the name
        prefix: Option<Tag>,
    },
    /// Set a canned reply
    #[command(after_help = help::CANNED_SET)]
    Set {
        /// Its name
        name: Tag,
        /// What it says
        text: DeskText,
    },
    /// Remove a canned reply
    #[command(after_help = help::CANNED_REMOVE)]
    Remove {
        /// Its name
        name: Tag,
    },
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    /// `None` if it was removed.
    text: Option<String>,
}

impl From<Canned> for Row {
    fn from(canned: Canned) -> Self {
        Self {
            name: canned.name.to_string(),
            text: Some(canned.text.to_string()),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Sanitized(&self.name).to_string();
        match &self.text {
            Some(text) => write!(f, "{name:16}  {}", Sanitized(text)),
            None => write!(f, "removed the canned reply {name}"),
        }
    }
}

pub(crate) async fn run(
    args: &CannedArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    let desk = client.desk();
    match &args.action {
        Action::List { prefix } => desk
            .canned(prefix.clone())
            .await?
            .into_iter()
            .try_for_each(|canned| output.print(&Row::from(canned))),
        Action::Set { name, text } => {
            desk.set_canned(name.clone(), Some(text.clone())).await?;
            output.print(&Row {
                name: name.to_string(),
                text: Some(text.to_string()),
            })
        }
        Action::Remove { name } => {
            desk.set_canned(name.clone(), None).await?;
            output.print(&Row {
                name: name.to_string(),
                text: None,
            })
        }
    }
}
