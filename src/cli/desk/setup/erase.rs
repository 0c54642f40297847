//! `cairn desk erase`

use std::fmt;

use cairn_client::Error;
use cairn_proto::ids::VisitorId;
use cairn_proto::wire::error::ErrorCode;
use clap::Args;
use serde::Serialize;

use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;

#[derive(Debug, Args)]
pub(crate) struct EraseArgs {
    /// The visitor: 16 digits, as `cairn desk list --json` and `cairn desk explain` show them
    #[arg(value_parser = parse_visitor)]
    visitor: VisitorId,
}

fn parse_visitor(raw: &str) -> Result<VisitorId, &'static str> {
    let is_id = raw.len() == 16 && raw.bytes().all(|byte| byte.is_ascii_hexdigit());
    let why = "it is the 16 digits that `cairn desk list --json` shows as visitor";
    match is_id {
        true => raw.parse().map_err(|_| why),
        false => Err(why),
    }
}

#[derive(Debug, Serialize)]
struct Erased {
    visitor: String,
    inquiries: u32,
}

impl fmt::Display for Erased {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { visitor, inquiries } = self;
        match inquiries {
            1 => write!(f, "erased visitor {visitor} with 1 inquiry"),
            many => write!(f, "erased visitor {visitor} with {many} inquiries"),
        }
    }
}

pub(crate) async fn run(
    args: &EraseArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    let inquiries = match client.desk().erase_visitor(args.visitor).await {
        Err(Error::Refused(ErrorCode::NotFound)) => {
            let headline = format!("nothing is stored of visitor {}", args.visitor);
            return Err(Failure::new(Exit::Failed, headline)
                .hint("they never asked, or were erased before: see `cairn desk list --json`"));
        }
        erased => erased?,
    };
    output.note("backups keep what they hold: see docs/OPERATING.md");
    output.print(&Erased {
        visitor: args.visitor.to_string(),
        inquiries,
    })
}
