//! Plays a script: logs the devices in, performs the rounds, and compares.

pub mod device;
pub mod files;
mod group_acts;
mod interpreter;
mod short_sessions;

use std::sync::Arc;
use std::time::Duration;

use cairn_client::proto::invite::InviteLink;
use cairn_client::proto::text::{DeviceName, Password, UserName};
use cairn_client::{Account, JoinRequest, LoginRequest};
use cairn_session::Replica;
use tokio::task::JoinSet;

use self::device::{Device, Monitor, empty_replica, options};
use self::interpreter::Interpreter;
use super::check;
use super::script::{DEVICES, Round, Seat, Step, USERS};
use super::world::World;
use crate::support::{Server, cairn};

struct Slot {
    account: Account,
    device: Option<Device>,
    /// Kept while the device is offline.
    replica: Option<Replica>,
}

/// The users and their server.
pub struct Team {
    server: Option<Server>,
    pub world: Arc<World>,
    pub monitor: Arc<Monitor>,
    /// By user, then device.
    slots: Vec<Vec<Slot>>,
}

/// Joins a user with the first device, and logs the others in.
async fn log_in(link: InviteLink, user: usize, monitor: Arc<Monitor>) -> Result<Vec<Slot>, String> {
    let name = UserName::new(format!("user{user}")).unwrap();
    let password = Password::new(format!("password {user}")).unwrap();
    let mut slots = Vec::new();
    for number in 0..DEVICES {
        let device = DeviceName::new(format!("device {number}")).unwrap();
        let connected = if number == 0 {
            let request = JoinRequest {
                name: name.clone(),
                password: Some(password.clone()),
                device,
            };
            options().join(&link, request).await
        } else {
            let (addr, name, password) = (link.addr.clone(), name.clone(), password.clone());
            options()
                .login(LoginRequest {
                    addr,
                    pin: link.pin,
                    name,
                    password,
                    device,
                })
                .await
        };
        let (client, account) =
            connected.map_err(|error| format!("{name} cannot log in: {error}"))?;
        let device = Device::start(client, empty_replica(account.user), &monitor);
        slots.push(Slot {
            account,
            device: Some(device),
            replica: None,
        });
    }
    Ok(slots)
}

impl Team {
    /// Starts a server, and logs every device in.
    pub async fn gather() -> Result<Self, String> {
        let (server, monitor) = (Server::start(), Arc::<Monitor>::default());
        let owner = log_in(server.invite.clone().unwrap(), 0, Arc::clone(&monitor)).await?;
        let inviter = &owner[0].device.as_ref().unwrap().client;
        let link = inviter
            .admin()
            .create_invite(USERS as u32, Duration::from_secs(3600))
            .await
            .map_err(|error| error.to_string())?;
        let others =
            (1..USERS).map(|user| tokio::spawn(log_in(link.clone(), user, Arc::clone(&monitor))));
        let mut slots = vec![owner];
        for other in others.collect::<Vec<_>>() {
            slots.push(other.await.map_err(|panic| panic.to_string())??);
        }
        let users = slots.iter().map(|of| of[0].account.user).collect();
        Ok(Self {
            server: Some(server),
            world: Arc::new(World::new(users)),
            monitor,
            slots,
        })
    }

    /// Plays the rounds. An error names the round that failed.
    pub async fn play(&mut self, rounds: Vec<Round>) -> Result<(), String> {
        for (number, round) in rounds.into_iter().enumerate() {
            let printed = format!("{round:?}");
            self.world.next_round(matches!(round, Round::Crash(_)));
            let played = self.round(round).await;
            played
                .and_then(|()| self.monitor.check())
                .map_err(|fault| format!("round {number}: {fault}\nround: {printed}"))?;
        }
        Ok(())
    }

    async fn round(&mut self, round: Round) -> Result<(), String> {
        match round {
            Round::Together(steps) => all(self.begin(steps)).await,
            Round::Crash(steps) => self.crash(steps).await,
            Round::Restart => {
                self.with_server(|server| {
                    stop(server, &[])?;
                    server.restart();
                    Ok(())
                })
                .await?;
                self.reconnect_all().await
            }
            Round::Offline(seat) => {
                let slot = &mut self.slots[seat.user][seat.device];
                slot.replica = Some(slot.device.take().unwrap().disconnect().await);
                Ok(())
            }
            Round::Online(seat) => {
                let slot = &mut self.slots[seat.user][seat.device];
                let replica = slot.replica.take().unwrap();
                let device = Device::connect(&slot.account, replica, &self.monitor).await;
                slot.device =
                    Some(device.map_err(|error| format!("{seat:?} cannot come back: {error}"))?);
                Ok(())
            }
            Round::Compare => check::compare(self).await,
        }
    }

    async fn crash(&mut self, steps: Vec<Step>) -> Result<(), String> {
        let mut steps = self.begin(steps);
        // At this moment, some requests are answered and others are in flight.
        if let Some(first) = steps.join_next().await {
            first.map_err(|panic| panic.to_string())??;
        }
        self.with_server(|server| {
            server.kill();
            diagnose(server, &[])?;
            server.restart();
            Ok(())
        })
        .await?;
        self.reconnect_all().await?;
        all(steps).await?;
        self.note_forgotten_acks();
        Ok(())
    }

    pub fn device(&self, seat: Seat) -> &Device {
        self.slots[seat.user][seat.device].device.as_ref().unwrap()
    }

    pub fn account(&self, user: usize) -> &Account {
        &self.slots[user][0].account
    }

    fn online(&self) -> impl Iterator<Item = &Device> {
        let slots = self.slots.iter().flatten();
        slots.filter_map(|slot| slot.device.as_ref())
    }

    fn begin(&self, steps: Vec<Step>) -> JoinSet<Result<(), String>> {
        let mut begun = JoinSet::new();
        for step in steps {
            let interpreter = Interpreter {
                client: self.device(step.by).client.clone(),
                account: self.slots[step.by.user][step.by.device].account.clone(),
                world: Arc::clone(&self.world),
                by: step.by,
            };
            begun.spawn(interpreter.perform(step));
        }
        begun
    }

    /// Runs a blocking action on the server while the clients go on.
    async fn with_server(
        &mut self,
        action: impl FnOnce(&mut Server) -> Result<(), String> + Send + 'static,
    ) -> Result<(), String> {
        let mut server = self.server.take().unwrap();
        let task = tokio::task::spawn_blocking(move || {
            let done = action(&mut server);
            (server, done)
        });
        let (server, done) = task.await.map_err(|panic| panic.to_string())?;
        self.server = Some(server);
        done
    }

    /// Makes every online client send a request, so that it notices the restart at once.
    async fn reconnect_all(&self) -> Result<(), String> {
        let mut requests = JoinSet::new();
        for device in self.online() {
            let client = device.client.clone();
            requests.spawn(async move {
                let answer = client.conversations().unfocus().await;
                answer.map_err(|error| format!("a device does not reconnect: {error}"))
            });
        }
        all(requests).await
    }

    /// Takes every device offline, stops the server, and checks the data directory.
    pub async fn finish(mut self) -> Result<(), String> {
        let mut closing = JoinSet::new();
        let slots = self.slots.iter_mut().flatten();
        for device in slots.filter_map(|slot| slot.device.take()) {
            closing.spawn(async move {
                device.disconnect().await;
                Ok(())
            });
        }
        all(closing).await?;
        self.with_server(|server| stop(server, &["--full"])).await
    }

    /// A killed server may have lost acks, until the devices ack a newer entry.
    fn note_forgotten_acks(&self) {
        for device in self.online() {
            for (id, conversation) in device.replica.lock().conversations() {
                self.world.acks_forgotten(id, conversation.head());
            }
        }
    }
}

async fn all(mut begun: JoinSet<Result<(), String>>) -> Result<(), String> {
    while let Some(done) = begun.join_next().await {
        done.map_err(|panic| panic.to_string())??;
    }
    Ok(())
}

fn stop(server: &mut Server, depth: &[&str]) -> Result<(), String> {
    let status = server.stop();
    if status.success() {
        diagnose(server, depth)
    } else {
        Err(format!("the server exits with {status}"))
    }
}

/// Checks the data directory of a stopped server.
fn diagnose(server: &mut Server, depth: &[&str]) -> Result<(), String> {
    let checked = cairn(&["doctor", "--data"])
        .arg(server.data())
        .args(depth)
        .output()
        .map_err(|error| error.to_string())?;
    if checked.status.success() {
        Ok(())
    } else {
        let found = String::from_utf8_lossy(&checked.stderr);
        Err(format!("the doctor found damage: {found}"))
    }
}
