use cairn_proto::ids::UserId;

use super::*;
use crate::loopback::Loopback;

const USER: Principal = Principal::User(UserId::new(1));
const START: usize = 0;

/// Sessions over one connection, which is closed with the first that makes room.
struct Scene {
    loopback: Loopback,
    seats: Seats,
    start: Instant,
}

impl Scene {
    async fn set() -> Self {
        Self {
            loopback: Loopback::connect().await,
            seats: Seats::default(),
            start: Instant::now(),
        }
    }

    fn later(&self) -> Instant {
        self.start + 2 * SESSION_IDLE_TIME_MIN
    }

    fn session(&self, push: bool) -> Arc<Session> {
        Session::new(self.loopback.server.clone(), push)
    }

    fn take(&self, session: &Arc<Session>, device: u64) -> Result<(), ErrorCode> {
        self.seats
            .take(session, USER, DeviceId::new(device), self.start)
    }

    /// Takes seats until the device has no more.
    fn fill(&self, device: u64) -> Vec<Arc<Session>> {
        let sessions: Vec<_> = (0..SESSIONS_PER_DEVICE_MAX)
            .map(|_| self.session(false))
            .collect();
        for session in &sessions {
            self.take(session, device).unwrap();
        }
        sessions
    }

    fn has(&self, session: &Arc<Session>) -> bool {
        let taken = self.seats.0.lock();
        let mut seats = taken.of.values().flatten();
        seats.any(|seat| Arc::ptr_eq(&seat.session, session))
    }
}

#[tokio::test]
async fn device_has_a_limited_number_of_sessions() {
    let scene = Scene::set().await;
    let sessions = scene.fill(1);
    let extra = scene.session(false);
    assert_eq!(scene.take(&extra, 1), Err(ErrorCode::TooManySessions));
    assert_eq!(scene.loopback.close_code(), None);
    assert_eq!(scene.take(&extra, 2), Ok(()), "another device");
    sessions[START].end();
    scene.seats.leave(&sessions[START]);
    assert_eq!(scene.take(&scene.session(false), 1), Ok(()));
}

#[tokio::test]
async fn user_has_a_limited_number_of_sessions() {
    let scene = Scene::set().await;
    let devices = (SESSIONS_PER_USER_MAX / SESSIONS_PER_DEVICE_MAX) as u64;
    (0..devices).for_each(|device| drop(scene.fill(device)));
    let extra = scene.session(false);
    assert_eq!(scene.take(&extra, devices), Err(ErrorCode::TooManySessions));
    let other = Principal::User(UserId::new(2));
    let taken = scene
        .seats
        .take(&extra, other, DeviceId::new(1), scene.start);
    assert_eq!(taken, Ok(()));
}

#[tokio::test]
async fn longest_idle_session_makes_room() {
    let scene = Scene::set().await;
    let sessions = scene.fill(1);
    let later = scene.later();
    // The first has a request in flight, the second a transfer.
    sessions[0].outbox.start_request(1, scene.start);
    let _transfer = sessions[1].start_transfer();
    for (n, session) in (0..).zip(&sessions[2..]) {
        session
            .outbox
            .start_request(1, later - n * SESSION_IDLE_TIME_MIN / 8);
        session.outbox.add(1, 1, b"");
    }
    let longest = sessions.last().unwrap();
    let take = |now| {
        let device = DeviceId::new(1);
        scene.seats.take(&scene.session(false), USER, device, now)
    };
    assert_eq!(take(later), Err(ErrorCode::TooManySessions));
    assert_eq!(take(later + SESSION_IDLE_TIME_MIN / 2), Ok(()));
    assert!(!scene.has(longest) && sessions[..7].iter().all(|other| scene.has(other)));
    assert_eq!(scene.loopback.close_code(), Some(CloseCode::Rate));
}

#[tokio::test]
async fn session_that_follows_goes_last() {
    let scene = Scene::set().await;
    let following = scene.session(true);
    scene.take(&following, 1).unwrap();
    let others: Vec<_> = (1..SESSIONS_PER_DEVICE_MAX)
        .map(|_| scene.session(false))
        .collect();
    others
        .iter()
        .for_each(|other| scene.take(other, 1).unwrap());
    let take = || {
        let (device, now) = (DeviceId::new(1), scene.later());
        scene.seats.take(&scene.session(true), USER, device, now)
    };
    assert!(others.iter().all(|_| take().is_ok()));
    assert!(scene.has(&following) && !others.iter().any(|other| scene.has(other)));
    assert_eq!(take(), Ok(()));
    assert!(!scene.has(&following));
}

#[tokio::test]
async fn crowded_server_reserves_seats_for_new_users() {
    let scene = Scene::set().await;
    scene.seats.0.lock().count = SESSIONS_OF_MANY_MAX - 1;
    assert_eq!(scene.take(&scene.session(false), 1), Ok(()));
    assert_eq!(
        scene.take(&scene.session(false), 1),
        Err(ErrorCode::TooManySessions)
    );
    let other = Principal::User(UserId::new(2));
    let taken = scene
        .seats
        .take(&scene.session(false), other, DeviceId::new(1), scene.start);
    assert_eq!(taken, Ok(()));
}

#[tokio::test]
async fn session_that_ended_before_its_login_has_no_seat() {
    let scene = Scene::set().await;
    let session = scene.session(false);
    session.end();
    scene.seats.leave(&session);
    assert_eq!(scene.take(&session, 1), Ok(()));
    assert!(!scene.has(&session) && scene.seats.0.lock().count == 0);
}
