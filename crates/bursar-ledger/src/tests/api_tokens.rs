use bursar_domain::time::Timestamp;

use super::world::{NOW, places};
use crate::{AccountChange, ApiToken, ApiTokenChange, Change, Error, Ledger, TokenOwner};

pub(super) fn make(id: &str, account: &str) -> Change {
    Change::ApiToken(ApiTokenChange::Create(Box::new(ApiToken {
        id: id.into(),
        name: "a script".into(),
        may_change: true,
        secret_hmac: format!("hmac of {id}"),
        created_at: Timestamp(0),
        expires_at: Timestamp(NOW.0 + 1_000),
        used_at: None,
        revoked_at: None,
        owner: TokenOwner {
            account: account.into(),
            name: "ann".into(),
            role: "admin".into(),
            team: None,
            is_disabled: false,
        },
    })))
}

fn revoke(id: &str) -> Change {
    Change::ApiToken(ApiTokenChange::Revoke { id: id.into() })
}

fn seen(id: &str) -> Change {
    Change::ApiToken(ApiTokenChange::Seen { id: id.into() })
}

async fn change(ledger: &Ledger, change: Change) -> Result<bool, Error> {
    Ok(ledger.change("ann", vec![change]).await?.iter().all(crate::Changed::is_change))
}

async fn is_live(ledger: &Ledger, id: &str) -> bool {
    ledger.api_token(id).await.unwrap().is_some_and(|token| token.revoked_at.is_none())
}

#[tokio::test]
async fn an_api_token_is_made_once_and_ends_once() {
    for place in places().await {
        let ledger = place.open().await;
        change(&ledger, super::accounts::make("acc_1", "ann")).await.unwrap();
        assert!(change(&ledger, make("tok_1", "acc_1")).await.unwrap());
        assert!(matches!(change(&ledger, make("tok_1", "acc_1")).await, Err(Error::Taken { .. })));
        assert!(change(&ledger, make("tok_2", "nobody")).await.is_err());
        assert!(!change(&ledger, seen("tok_1")).await.unwrap(), "no line in the audit log");
        let [token] = ledger.api_tokens().await.unwrap().try_into().unwrap();
        assert_eq!((token.used_at, token.owner.role.as_str()), (Some(NOW), "admin"));
        assert!(change(&ledger, revoke("tok_1")).await.unwrap());
        assert!(!change(&ledger, revoke("tok_1")).await.unwrap(), "once");
        assert!(change(&ledger, revoke("tok_9")).await.is_err());
        assert!(!is_live(&ledger, "tok_1").await);
        let told = format!("{:?}", ledger.changes(None, None, 100).await.unwrap());
        assert!(told.contains("token revoke") && !told.contains("hmac"), "{told}");
        ledger.end().await;
    }
}

#[tokio::test]
async fn api_tokens_end_with_the_account_its_password_and_its_groups() {
    for place in places().await {
        let ledger = place.open().await;
        change(&ledger, super::accounts::make("acc_1", "ann")).await.unwrap();
        change(&ledger, super::accounts::make("acc_2", "bob")).await.unwrap();
        change(&ledger, make("tok_0", "acc_2")).await.unwrap();
        let link = crate::NewLink { token_hmac: "another".into(), expires_at: NOW };
        let ends = [
            AccountChange::Reset { id: "acc_1".into(), link },
            AccountChange::Able { id: "acc_1".into(), may: false },
            AccountChange::EndSessions { id: "acc_1".into() },
        ];
        for (number, end) in ends.into_iter().enumerate() {
            let id = format!("tok_{}", number + 1);
            change(&ledger, make(&id, "acc_1")).await.unwrap();
            assert!(is_live(&ledger, &id).await);
            assert!(change(&ledger, Change::Account(end)).await.unwrap());
            assert!(!is_live(&ledger, &id).await && is_live(&ledger, "tok_0").await);
        }
        ledger.end().await;
    }
}
