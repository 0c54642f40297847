//! `cairn desk on`, `off` and `break`.

use std::fmt;

use cairn_proto::model::desk::Duty;
use cairn_proto::text::UserName;
use clap::Args;
use serde::Serialize;

use crate::cli::args::target::{find_user, parse_user};
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::Failure;
use crate::cli::output::Output;

#[derive(Debug, Args)]
pub(crate) struct DutyArgs {
    /// An agent whose queue you supervise, instead of you
    #[arg(long, value_name = "USER", value_parser = parse_user)]
    agent: Option<UserName>,
}

#[derive(Debug, Serialize)]
struct Now {
    agent: UserName,
    duty: &'static str,
}

impl fmt::Display for Now {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { agent, duty } = self;
        match *duty {
            "on" => write!(f, "{agent} is on duty"),
            "break" => write!(f, "{agent} is on a break"),
            _ => write!(f, "{agent} is off duty"),
        }
    }
}

pub(crate) async fn set(
    duty: Duty,
    args: &DutyArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    let agent = match &args.agent {
        Some(name) => {
            let user = find_user(client, name).await?;
            client.desk().set_duty_of(user.id, duty).await?;
            user.name
        }
        None => {
            client.desk().set_duty(duty).await?;
            client.whoami().name
        }
    };
    output.print(&Now {
        agent,
        duty: duty.as_str(),
    })?;
    if duty == Duty::On && args.agent.is_none() {
        output.note("stay connected to get inquiries: `cairn desk --follow` or `cairn chat`");
    }
    Ok(())
}
