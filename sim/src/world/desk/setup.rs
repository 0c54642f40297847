//! The setup of a desk, by the owner. Each step is tried until it is done.

use std::sync::Arc;

use cairn_client::proto::model::desk::{
    AgentConfig, AgentQueue, AnswerMode, Duty, Overflow, QueueConfig, Strategy,
};
use cairn_client::{Account, Client, ConversationId, Error, ErrorCode, UserId};
use tokio::time::{Duration, sleep};

use super::{Made, QUEUES};
use crate::dice::Dice;
use crate::world::{USERS, World};

const PAUSE: Duration = Duration::from_millis(700);

impl World {
    /// Creates the queues, makes the users agents, the owner a supervisor, and sets them on duty.
    pub(in crate::world) async fn set_up_desk(
        self: &Arc<Self>,
        owner: &Account,
        client: &Client,
        users: &[UserId],
    ) -> Result<(), String> {
        let dice = &mut Dice::new(self.seed, 4);
        let mut queues = Vec::new();
        for number in 0..QUEUES {
            let config = queue(dice, number, queues.first().copied());
            queues.push(create(client, config).await?);
        }
        for (number, &user) in users.iter().enumerate() {
            let config = agent(dice, number, &queues);
            retry(async || client.desk().set_agent(user, config.clone()).await).await?;
        }
        let link = retry(async || client.desk().create_link(queues[0], false).await).await?;
        let made = Made::new(queues, link.link, owner);
        // Set once.
        let _ = self.desk.made.set(made);
        for user in 1..USERS {
            let account = self.devices[user].account();
            let builder = self.builder(user).push(false);
            let client = builder.connect_offline(&account);
            let client = client.map_err(|error| error.to_string())?;
            retry(async || client.desk().set_duty(Duty::On).await).await?;
            client.close().await;
        }
        Ok(())
    }
}

fn queue(dice: &mut Dice, number: usize, other: Option<ConversationId>) -> QueueConfig {
    let name = format!("queue{number}").parse().expect("a valid name");
    let overflow = other.filter(|_| dice.one_in(2)).map(|queue| Overflow {
        after_seconds: 6,
        queue,
    });
    QueueConfig {
        strategy: dice.pick(&[
            Strategy::LeastBusy,
            Strategy::RoundRobin,
            Strategy::LongestIdle,
        ]),
        answer: dice.pick(&[
            AnswerMode::Offer { seconds: 5 },
            AnswerMode::Offer { seconds: 20 },
            AnswerMode::Assign,
            AnswerMode::Manual,
        ]),
        waiting_max: dice.pick(&[1, 100]),
        takes_messages: dice.one_in(2),
        overflow,
        sticky_days: dice.pick(&[0, 1]),
        idle_close_seconds: dice.pick(&[0, 15]),
        absence_seconds: dice.pick(&[0, 2, 10]),
        may_take: dice.one_in(2),
        ..QueueConfig::new(name)
    }
}

/// The owner supervises the queues, and the others serve them.
fn agent(dice: &mut Dice, number: usize, queues: &[ConversationId]) -> AgentConfig {
    let served = |dice: &mut Dice, queue| AgentQueue {
        queue,
        level: dice.below(2) as u8,
        delay_seconds: 0,
    };
    let is_supervisor = number == 0;
    AgentConfig {
        public_name: None,
        capacity: dice.between(1, 3) as u16,
        queues: match is_supervisor {
            true => Vec::new(),
            false => queues.iter().map(|&queue| served(dice, queue)).collect(),
        },
        supervises: match is_supervisor {
            true => queues.to_vec(),
            false => Vec::new(),
        },
    }
}

async fn create(client: &Client, config: QueueConfig) -> Result<ConversationId, String> {
    loop {
        match client.desk().create_queue(config.clone()).await {
            Ok(queue) => return Ok(queue),
            Err(Error::Disconnected | Error::Refused(ErrorCode::StorageFailed)) => {}
            // An earlier try created it.
            Err(Error::Refused(ErrorCode::NameTaken)) => {
                let queues = retry(async || client.desk().queues().await).await?;
                let of_name = queues
                    .into_iter()
                    .find(|one| one.config.name == config.name);
                let found = of_name.ok_or("a queue has a name and is not listed")?;
                return Ok(found.counts.queue);
            }
            Err(error) => return Err(format!("no queue: {error}")),
        }
        sleep(PAUSE).await;
    }
}

/// Tries until the server answers.
async fn retry<T>(mut ask: impl AsyncFnMut() -> Result<T, Error>) -> Result<T, String> {
    loop {
        match ask().await {
            Ok(answer) => return Ok(answer),
            Err(Error::Disconnected | Error::Refused(ErrorCode::StorageFailed)) => {
                sleep(PAUSE).await;
            }
            Err(error) => return Err(format!("the desk is not set up: {error}")),
        }
    }
}
