//! `cairn desk report`

use cairn_proto::ids::Timestamp;
use cairn_proto::text::GroupName;
use clap::Args;

use super::super::args::{Queues, parse_queue};
use super::report_view::Shown;
use crate::cli::args::duration;
use crate::cli::chat::names::Names;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;
use crate::ui::time;

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Queues [default: all that you supervise]
    #[arg(value_name = "QUEUE", value_parser = parse_queue)]
    queues: Vec<GroupName>,

    /// From then: 24h, 7d before now, or a day or time here: 2026-11-29, '2026-11-29 09:00'
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = parse_time)]
    from: Timestamp,

    /// Until before then, as --from [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    to: Option<Timestamp>,

    /// Draw waits and first replies over time into this SVG file
    #[cfg(feature = "bench")]
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<std::path::PathBuf>,

    /// Draw how many came, were answered, missed and closed into this SVG file
    #[cfg(feature = "bench")]
    #[arg(long, value_name = "FILE.svg")]
    plot_counts: Option<std::path::PathBuf>,
}

fn parse_time(raw: &str) -> Result<Timestamp, String> {
    if let Ok(before) = duration::parse(raw) {
        let before = u64::try_from(before.as_millis()).unwrap_or(u64::MAX);
        return Ok(Timestamp::new(
            time::timestamp().get().saturating_sub(before),
        ));
    }
    let why = || "it is a time before now, such as 24h, or a day: 2026-11-29 09:00".to_owned();
    let at: jiff::civil::DateTime = raw.trim().parse().map_err(|_| why())?;
    let zoned = at.to_zoned(jiff::tz::TimeZone::system());
    let millis = zoned.map_err(|_| why())?.timestamp().as_millisecond();
    u64::try_from(millis).map(Timestamp::new).map_err(|_| why())
}

pub(crate) async fn run(
    args: &ReportArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let to = args.to.unwrap_or_else(time::timestamp);
    if args.from >= to {
        return Err(Failure::new(Exit::Usage, "--from is not before --to"));
    }
    let client = context.client(Conduct::Ask).await?;
    let queues = Queues::load(client).await?;
    let mut chosen = Vec::new();
    for name in &args.queues {
        chosen.push(queues.named(name)?.counts.queue);
    }
    if chosen.is_empty() {
        chosen.extend(queues.0.iter().map(|info| info.counts.queue));
    }
    let report = client.desk().report(&chosen, args.from, to).await?;
    let mut names = Names::default();
    let agents: Vec<_> = report.agents.keys().copied().collect();
    names.learn_users(client, &agents).await?;
    #[cfg(feature = "bench")]
    {
        use super::report_view::{plot_of_counts, plot_of_waits};
        for (path, drawn) in [
            (&args.plot, plot_of_waits(&report)),
            (&args.plot_counts, plot_of_counts(&report)),
        ] {
            if let Some(path) = path {
                save(path, &drawn)?;
                output.note(format_args!("drawn to {}", path.display()));
            }
        }
    }
    output.print(&Shown::new(&report, &queues, &names))
}

#[cfg(feature = "bench")]
fn save(path: &std::path::Path, svg: &str) -> Result<(), Failure> {
    std::fs::write(path, svg).map_err(|error| {
        let headline = format!("cannot write the plot {}", path.display());
        Failure::caused(Exit::Failed, headline, &error)
            .hint("name a file in a folder that you may write to")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_before_now_or_dates() {
        let now = time::timestamp().get();
        let day_ago = parse_time("24h").unwrap().get();
        assert!(now - day_ago - 86_400_000 < 60_000);
        let morning = parse_time("2026-11-29 09:00").unwrap().get();
        let midnight = parse_time("2026-11-29").unwrap().get();
        assert_eq!(morning - midnight, 9 * 3_600_000);
        for raw in ["", "yesterday", "29.11.2026", "0h"] {
            assert!(parse_time(raw).is_err(), "{raw}");
        }
    }
}
