use crate::error::BenchError;
use crate::limits;
use crate::live::target::gather;

#[tokio::test]
async fn work_is_given_in_order_however_it_ends() {
    let count = 3 * limits::AT_ONCE;
    let work = |at: usize| async move {
        for _ in 0..count - at {
            tokio::task::yield_now().await;
        }
        Ok(at)
    };
    let mut told = 0;
    let given = gather(limits::AT_ONCE, count, work, |done| told = done)
        .await
        .unwrap();
    assert_eq!(given, (0..count).collect::<Vec<_>>());
    assert_eq!(told, count);
    let fails = |at: usize| async move {
        if at == 5 {
            Err(BenchError::EndedEarly)
        } else {
            Ok(at)
        }
    };
    assert!(matches!(
        gather(limits::AT_ONCE, count, fails, |_| {}).await,
        Err(BenchError::EndedEarly)
    ));
}
