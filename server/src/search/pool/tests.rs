use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};

use cairn_proto::ids::UserId;

use super::*;

fn user(id: u32) -> Principal {
    UserId::new(id).into()
}

/// Occupies every thread of a pool, until dropped.
struct Busy(Vec<mpsc::Sender<()>>);

async fn occupy(pool: &Arc<Pool>) -> Busy {
    let (started, mut starts) = tokio::sync::mpsc::unbounded_channel();
    let mut gates = Vec::new();
    for _ in 0..SEARCH_THREADS_MAX {
        let (gate, opened) = mpsc::channel::<()>();
        let (pool, started) = (pool.clone(), started.clone());
        tokio::spawn(async move {
            pool.run(user(99), move |_| {
                started.send(()).unwrap();
                // Returns when the gate is dropped.
                let _ = opened.recv();
            })
            .await
        });
        gates.push(gate);
        starts.recv().await.unwrap();
    }
    Busy(gates)
}

/// Queues a search that reports its name, and returns its future.
fn queue(
    pool: &Arc<Pool>,
    principal: Principal,
    name: &'static str,
    done: &mpsc::Sender<&'static str>,
) -> impl Future<Output = Result<(), NotRun>> {
    let (pool, done) = (pool.clone(), done.clone());
    let mut run =
        Box::pin(async move { pool.run(principal, move |_| done.send(name).unwrap()).await });
    // Queues it.
    let mut context = Context::from_waker(Waker::noop());
    let first = run.as_mut().poll(&mut context);
    async move {
        match first {
            Poll::Ready(result) => result,
            Poll::Pending => run.await,
        }
    }
}

#[tokio::test]
async fn users_take_turns_and_wait_for_themselves() {
    let pool = Arc::new(Pool::default());
    let mut busy = occupy(&pool).await;
    let (done, order) = mpsc::channel();
    let mut runs = Vec::new();
    for _ in 0..SEARCHES_WAITING_PER_USER_MAX {
        runs.push(queue(&pool, user(1), "many", &done));
    }
    let refused = queue(&pool, user(1), "too many", &done);
    assert_eq!(refused.await, Err(NotRun::Full));
    let one = queue(&pool, user(2), "one", &done);
    // One thread serves everything, in order.
    busy.0.pop();
    one.await.unwrap();
    for run in runs {
        run.await.unwrap();
    }
    let order: Vec<_> = order.try_iter().collect();
    let place = order.iter().position(|&name| name == "one").unwrap();
    assert!(place <= 1, "{order:?}");
    assert_eq!(order.len(), SEARCHES_WAITING_PER_USER_MAX + 1);
}

#[tokio::test]
async fn abandoned_searches_are_not_run() {
    let pool = Arc::new(Pool::default());
    let busy = occupy(&pool).await;
    let (done, order) = mpsc::channel();
    drop(queue(&pool, user(1), "abandoned", &done));
    let kept = queue(&pool, user(1), "kept", &done);
    drop(busy);
    kept.await.unwrap();
    assert_eq!(order.try_iter().collect::<Vec<_>>(), ["kept"]);
}

#[tokio::test]
async fn running_search_learns_that_it_is_abandoned() {
    let pool = Arc::new(Pool::default());
    let (started, mut starts) = tokio::sync::mpsc::unbounded_channel();
    let (ended, mut ends) = tokio::sync::mpsc::unbounded_channel();
    {
        let mut run = pin!(pool.run(user(1), move |is_abandoned| {
            started.send(()).unwrap();
            while !is_abandoned() {
                std::thread::yield_now();
            }
            ended.send(()).unwrap();
        }));
        tokio::select! {
            _ = &mut run => panic!("it ends only when abandoned"),
            _ = starts.recv() => {}
        }
    }
    ends.recv().await.unwrap();
}

#[tokio::test]
async fn closed_pool_runs_nothing() {
    let pool = Arc::new(Pool::default());
    assert_eq!(pool.run(user(1), |_| 7).await, Ok(7));
    pool.close();
    assert_eq!(pool.run(user(1), |_| 7).await, Err(NotRun::Closed));
}
