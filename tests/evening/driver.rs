//! Plays an evening: gathers the team, performs the rounds, and has everything compared.

use std::sync::Arc;
use std::time::Duration;

use cairn_client::proto::invite::InviteLink;
use cairn_client::proto::text::{DeviceName, Password, UserName};
use cairn_client::{Account, Client, JoinRequest};
use tokio::task::JoinSet;

use super::acts::Performance;
use super::check;
use super::device::{Board, Device, options};
use super::replica::Replica;
use super::scene::Scene;
use super::steps::{DEVICES, Round, Seat, Step, USERS};
use crate::support::{Server, cairn};

/// A device, wherever it is.
pub struct Chair {
    pub account: Account,
    device: Option<Device>,
    /// What it keeps while it is away.
    kept: Option<Replica>,
}

/// The team and its server.
pub struct Evening {
    server: Option<Server>,
    pub scene: Arc<Scene>,
    pub board: Arc<Board>,
    pub chairs: Vec<Vec<Chair>>,
}

async fn sit_down(link: InviteLink, user: usize, board: Arc<Board>) -> Result<Vec<Chair>, String> {
    let (name, password) = (
        UserName::new(format!("user{user}")).unwrap(),
        Password::new(format!("password {user}")).unwrap(),
    );
    let mut chairs = Vec::new();
    for number in 0..DEVICES {
        let device = DeviceName::new(format!("device {number}")).unwrap();
        let joined = if number == 0 {
            let who = JoinRequest {
                name: name.clone(),
                password: Some(password.clone()),
                device,
            };
            Client::join(&link, who, options()).await
        } else {
            Client::login(
                link.addr.clone(),
                link.pin,
                name.clone(),
                password.clone(),
                device,
                options(),
            )
            .await
        };
        let (client, account) =
            joined.map_err(|error| format!("{name} cannot sit down: {error}"))?;
        let device = Device::attend(client, Replica::new(account.user), &board);
        chairs.push(Chair {
            account,
            device: Some(device),
            kept: None,
        });
    }
    Ok(chairs)
}

impl Evening {
    /// Everybody sits down, each on three devices.
    pub async fn gather() -> Result<Self, String> {
        let (server, board) = (Server::start(), Arc::<Board>::default());
        let owner = sit_down(server.invite.clone().unwrap(), 0, Arc::clone(&board)).await?;
        let inviter = &owner[0].device.as_ref().unwrap().client;
        let link = inviter
            .create_invite(USERS as u32, Duration::from_secs(3600))
            .await
            .map_err(|error| error.to_string())?;
        let sitting =
            (1..USERS).map(|user| tokio::spawn(sit_down(link.clone(), user, Arc::clone(&board))));
        let mut chairs = vec![owner];
        for others in sitting.collect::<Vec<_>>() {
            chairs.push(others.await.map_err(|panic| panic.to_string())??);
        }
        let users = chairs.iter().map(|of| of[0].account.user).collect();
        Ok(Self {
            server: Some(server),
            scene: Arc::new(Scene::new(users)),
            board,
            chairs,
        })
    }

    /// Plays every round. The error says which one went wrong, and how.
    pub async fn play(&mut self, rounds: Vec<Round>) -> Result<(), String> {
        for (number, round) in rounds.into_iter().enumerate() {
            let said = format!("{round:?}");
            self.scene.next_round(matches!(round, Round::Crash(_)));
            let played = self.round(round).await;
            played
                .and_then(|()| self.board.check())
                .map_err(|fault| format!("round {number}: {fault}\nit was: {said}"))?;
        }
        Ok(())
    }

    async fn round(&mut self, round: Round) -> Result<(), String> {
        match round {
            Round::Together(steps) => all(self.begin(steps)).await,
            Round::Crash(steps) => {
                let mut steps = self.begin(steps);
                // Some of it was answered, and more is under way.
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
                self.wake_all().await?;
                all(steps).await?;
                self.note_forgotten();
                Ok(())
            }
            Round::Restart => {
                self.with_server(|server| {
                    stop(server, &[])?;
                    server.restart();
                    Ok(())
                })
                .await?;
                self.wake_all().await
            }
            Round::Away(seat) => {
                let chair = &mut self.chairs[seat.user][seat.device];
                chair.kept = Some(chair.device.take().unwrap().leave().await);
                Ok(())
            }
            Round::Back(seat) => {
                let chair = &mut self.chairs[seat.user][seat.device];
                let device =
                    Device::connect(&chair.account, chair.kept.take().unwrap(), &self.board).await;
                chair.device =
                    Some(device.map_err(|error| format!("{seat:?} cannot come back: {error}"))?);
                Ok(())
            }
            Round::Compare => check::compare(self).await,
        }
    }

    /// A device that is there.
    pub fn device(&self, seat: Seat) -> &Device {
        self.chairs[seat.user][seat.device].device.as_ref().unwrap()
    }

    fn begin(&self, steps: Vec<Step>) -> JoinSet<Result<(), String>> {
        let mut begun = JoinSet::new();
        for step in steps {
            let device = self.device(step.by);
            let (client, scene) = (device.client.clone(), Arc::clone(&self.scene));
            begun.spawn(
                Performance {
                    client,
                    scene,
                    by: step.by,
                }
                .perform(step),
            );
        }
        begun
    }

    /// Does something to the server that blocks, while the clients go on.
    async fn with_server(
        &mut self,
        act: impl FnOnce(&mut Server) -> Result<(), String> + Send + 'static,
    ) -> Result<(), String> {
        let mut server = self.server.take().unwrap();
        let acted = tokio::task::spawn_blocking(move || {
            let done = act(&mut server);
            (server, done)
        });
        let (server, done) = acted.await.map_err(|panic| panic.to_string())?;
        self.server = Some(server);
        done
    }

    /// Everybody who is there asks something, and so notices at once that the server is another.
    async fn wake_all(&self) -> Result<(), String> {
        let mut woken = JoinSet::new();
        for device in self
            .chairs
            .iter()
            .flatten()
            .filter_map(|chair| chair.device.as_ref())
        {
            let client = device.client.clone();
            woken.spawn(async move {
                client
                    .focus(None)
                    .await
                    .map_err(|error| format!("a device does not come back: {error}"))
            });
        }
        all(woken).await
    }

    /// Everybody goes home, and the server stops. What is stored must be sound.
    pub async fn end(mut self) -> Result<(), String> {
        let mut leaving = JoinSet::new();
        for device in self
            .chairs
            .iter_mut()
            .flatten()
            .filter_map(|chair| chair.device.take())
        {
            leaving.spawn(async move {
                device.leave().await;
                Ok(())
            });
        }
        all(leaving).await?;
        self.with_server(|server| stop(server, &["--full"])).await
    }

    /// A server that was killed may have forgotten what devices acked before, until they ack something that is newer.
    fn note_forgotten(&self) {
        for device in self
            .chairs
            .iter()
            .flatten()
            .filter_map(|chair| chair.device.as_ref())
        {
            for (id, last) in device.replica.lock().last_entries() {
                self.scene.ack_forgotten(id, last);
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
        Err(format!("the server ends with {status}"))
    }
}

/// The directory of a server that does not run is sound.
fn diagnose(server: &mut Server, depth: &[&str]) -> Result<(), String> {
    let checked = cairn(&["doctor", "--data"])
        .arg(server.data())
        .args(depth)
        .output()
        .map_err(|error| error.to_string())?;
    if checked.status.success() {
        Ok(())
    } else {
        Err(format!(
            "the doctor complains: {}",
            String::from_utf8_lossy(&checked.stderr)
        ))
    }
}
