use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bursar_domain::policy::Policy;
use bursar_domain::time::{Clock, HOUR_MS, Timestamp};
use bursar_ledger::Secret;
use bursar_ledger::bearer::{key_of_access_key_id, new_bearer};

use super::{NOW, admin, admin_at, master};
use crate::{Admin, Error, KeyRequest, MasterKeySource, NewKey, TeamFacts};

async fn with_team() -> Admin {
    let admin = admin().await;
    admin.create_team("research", TeamFacts::default()).await.unwrap();
    admin
}

fn request(team: &str) -> KeyRequest {
    KeyRequest { team: team.to_owned(), ..KeyRequest::default() }
}

#[tokio::test]
async fn a_key_is_known_by_its_secret_and_by_nothing_like_it() {
    let admin = with_team().await;
    let made = admin.create_key(&master(), &request("research")).await.unwrap();
    let holder = admin.holder(&made.secret).await.unwrap().holder;
    assert_eq!((holder.key.id.as_str(), holder.team.as_str()), (made.id.as_str(), "research"));
    let other = admin.create_key(&master(), &request("research")).await.unwrap();
    assert_ne!(other.secret, made.secret);
    // Well-formed, of a key that there is, and yet not its secret.
    let forged = new_bearer(&made.id, &admin.entropy);
    let texts = [forged.expose(), &made.secret.expose()[..40], &made.id, "", "bsr_"];
    for text in texts {
        let forged = Secret::new(text.to_owned());
        assert_eq!(admin.holder(&forged).await, None);
    }
    assert_eq!(key_of_access_key_id(&made.access_key_id), Some((made.id, 1)));
    admin.end().await;
}

#[tokio::test]
async fn rotation_keeps_the_identity_and_the_old_secret_for_its_grace() {
    let ms = Arc::new(AtomicI64::new(NOW.0));
    let hand = Arc::clone(&ms);
    let admin = admin_at(Clock::new(move || Timestamp(ms.load(Ordering::Relaxed)))).await;
    admin.create_team("research", TeamFacts::default()).await.unwrap();
    let first = admin.create_key(&master(), &request("research")).await.unwrap();
    let second = admin.rotate_key(&master(), &first.id, HOUR_MS).await.unwrap();
    assert_eq!(second.id, first.id);
    assert_ne!(second.secret_access_key, first.secret_access_key);
    let generation = async |secret| admin.holder(secret).await.map(|proven| proven.generation);
    let pair = async |key: &NewKey| {
        let now = admin.clock.now();
        let found = admin.ledger.holder_of_pair(&master(), &key.access_key_id, now).await.unwrap();
        found.map(|(proven, secret)| (proven.generation, secret))
    };
    assert_eq!(pair(&first).await, Some((1, first.secret_access_key.clone())));
    assert_eq!(pair(&second).await, Some((2, second.secret_access_key.clone())));
    assert_eq!(generation(&first.secret).await, Some(1));
    assert_eq!(generation(&second.secret).await, Some(2));
    hand.store(NOW.0 + HOUR_MS, Ordering::Relaxed);
    assert_eq!(generation(&first.secret).await, None);
    assert_eq!(generation(&second.secret).await, Some(2));
    assert_eq!(pair(&first).await, None);
    admin.rotate_key(&master(), &first.id, 0).await.unwrap();
    assert_eq!(generation(&second.secret).await, None);
    assert_eq!(pair(&second).await, None);
    admin.revoke_key(&first.id).await.unwrap();
    assert!(admin.keys(None, false).await.unwrap().is_empty());
    let error = admin.rotate_key(&master(), &first.id, 0).await.unwrap_err();
    assert!(error.to_string().contains("was revoked at"), "{error}");
    admin.end().await;
}

#[tokio::test]
async fn a_key_stands_for_its_team_project_and_user_and_for_no_other() {
    let admin = with_team().await;
    admin.create_team("sales", TeamFacts::default()).await.unwrap();
    admin.add_projects("research", &["atlas".to_owned()]).await.unwrap();
    admin.add_users("research", &["ann".to_owned()]).await.unwrap();
    let asked = KeyRequest {
        name: Some("ci".to_owned()),
        project: Some("atlas".to_owned()),
        user: Some("ann".to_owned()),
        ..request("research")
    };
    let key = admin.create_key(&master(), &asked).await.unwrap();
    let who = crate::Who { key: Some("ci".to_owned()), ..crate::Who::default() };
    let attribution = admin.attribution(&who).await.unwrap();
    assert_eq!(attribution.key.as_ref(), Some(&key.id));
    assert_eq!(attribution.team.as_deref(), Some("research"));
    assert_eq!(attribution.user.as_deref(), Some("ann"));
    let other = crate::Who { team: Some("sales".to_owned()), ..who };
    let error = admin.attribution(&other).await.unwrap_err();
    assert!(matches!(error, Error::Contradiction { .. }), "{error}");
    for wrong in [
        KeyRequest { project: Some("atlas".to_owned()), ..request("sales") },
        KeyRequest { user: Some("ann".to_owned()), ..request("sales") },
        KeyRequest { name: Some("ci".to_owned()), ..request("research") },
        KeyRequest { name: Some("a\nb".to_owned()), ..request("research") },
        request("nobody"),
    ] {
        assert!(admin.create_key(&master(), &wrong).await.is_err(), "{wrong:?}");
    }
    assert_eq!(admin.keys(None, true).await.unwrap().len(), 1);
    admin.end().await;
}

#[tokio::test]
async fn a_master_key_is_made_once_beside_the_ledger_and_is_the_only_one_from_then_on() {
    let admin = with_team().await;
    let folder = tempfile::tempdir().unwrap();
    let beside = MasterKeySource::Beside(folder.path().join("ledger.db.key"));
    let made = admin.master_key(&beside).await.unwrap();
    admin.create_key(&made, &request("research")).await.unwrap();
    assert_eq!(admin.master_key(&beside).await.unwrap().fingerprint(), made.fingerprint());
    let said = |text: &str| MasterKeySource::Said(Secret::new(text.to_owned()));
    let other = admin.master_key(&said(&"ab".repeat(16).repeat(2))).await.unwrap_err();
    assert!(other.to_string().contains("holds no master key"), "{other}");
    let other = admin.master_key(&said(&"0123456789abcdef".repeat(4))).await.unwrap_err();
    assert!(other.to_string().contains(&made.fingerprint()), "{other}");
    // Whoever did not look first is stopped by the ledger, and makes nothing.
    assert!(admin.create_key(&master(), &request("research")).await.is_err());
    assert_eq!(admin.keys(None, true).await.unwrap().len(), 1);
    let gone = MasterKeySource::Beside(folder.path().join("elsewhere.key"));
    let error = admin.master_key(&gone).await.unwrap_err();
    assert!(matches!(error, Error::LostMasterKey { .. }), "{error}");
    assert!(matches!(
        admin.master_key(&MasterKeySource::Nowhere).await.unwrap_err(),
        Error::NoMasterKey
    ));
    admin.end().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_master_key_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let admin = admin().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db.key");
    let source = MasterKeySource::Beside(path.clone());
    admin.master_key(&source).await.unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = admin.master_key(&source).await.unwrap_err();
    assert!(matches!(error, Error::OpenMasterKey { .. }), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left over");
    admin.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn many_who_make_the_master_key_at_once_have_one() {
    let admin = admin().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db.key");
    let source = MasterKeySource::Beside(path);
    let make = || {
        let (admin, source) = (admin.clone(), source.clone());
        tokio::spawn(async move { admin.master_key(&source).await.map(|key| key.fingerprint()) })
    };
    let makers: Vec<_> = std::iter::repeat_with(make).take(16).collect();
    let mut fingerprints = std::collections::BTreeSet::new();
    for maker in makers {
        fingerprints.insert(maker.await.unwrap().unwrap());
    }
    assert_eq!(fingerprints.len(), 1);
    admin.end().await;
}

#[tokio::test]
async fn what_a_key_may_ask_for_is_shown_with_it_and_no_secret_is() {
    let admin = with_team().await;
    let policy = Policy { max_tokens: Some(500), ..Policy::default() };
    let asked =
        KeyRequest { policy, expires_at: Some(Timestamp(NOW.0 + 1)), ..request("research") };
    let made = admin.create_key(&master(), &asked).await.unwrap();
    let row = admin.key(&made.id).await.unwrap();
    assert_eq!((row.policy.max_tokens, row.state.as_str()), (Some(500), "live"));
    let told = format!("{} {made:?}", serde_json::to_string(&row).unwrap());
    let (_, secret) = made.secret.expose().rsplit_once('_').unwrap();
    assert!(!told.contains(secret) && !told.contains(made.secret_access_key.expose()), "{told}");
    admin.end().await;
}
