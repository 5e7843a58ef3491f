//! An approver's signature over a delegation (EIP-712): given, or made here with the approver's key. What is signed is
//! put together here and compared with what the contract would check, so that no node can have another thing signed.

use super::{args::KeyArgs, session::Session, signer};
use crate::failure::Failure;
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_signer::{
    SignerSync,
    k256::elliptic_curve::rand_core::{OsRng, RngCore},
};
use clap::Args;
use std::{
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use types::{
    abi::IDelegationManager::SignatureWithExpiry, addresses::DELEGATION_MANAGER, approval::DelegationApproval,
};

/// How long a signature that is made here may be used.
const LIFETIME: Duration = Duration::from_secs(3_600);

/// Where the signature of an operator's approver comes from.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Approval")]
pub struct ApprovalArgs {
    /// Signature of the operator's approver, in hex
    #[arg(long, value_name = "HEX", requires_all = ["approval_salt", "approval_expiry"])]
    pub approval_signature: Option<Bytes>,
    /// The salt that was signed (32 bytes)
    #[arg(long, value_name = "HEX")]
    pub approval_salt: Option<B256>,
    /// Until when the signature holds, in seconds since 1970
    #[arg(long, value_name = "SECONDS")]
    pub approval_expiry: Option<u64>,
    /// The approver's key, which signs here: an encrypted key's file or name
    #[arg(long, value_name = "FILE|NAME", conflicts_with = "approval_signature")]
    pub approver_key: Option<String>,
    /// File with the password of the approver's key [default: as for accounts]
    #[arg(long, value_name = "FILE", requires = "approver_key")]
    pub approver_password_file: Option<PathBuf>,
}

/// A signature, or none where nobody must approve.
#[derive(Clone, Debug)]
pub struct Approval {
    /// As the contract takes it.
    pub signature: SignatureWithExpiry,
    /// What makes the signature a signature of one delegation only.
    pub salt: B256,
}

impl Approval {
    /// The approval of nobody.
    pub fn none() -> Self {
        let signature = SignatureWithExpiry { signature: Bytes::new(), expiry: U256::ZERO };
        Self { signature, salt: B256::ZERO }
    }
}

/// A key that approves, and until when.
#[derive(Debug)]
pub struct Approver<'a> {
    /// An encrypted key's file or name.
    pub key: &'a str,
    /// File with its password.
    pub password_file: Option<PathBuf>,
    /// Seconds since 1970; an hour from now if absent.
    pub expiry: Option<u64>,
    /// Any salt that was not used; drawn if absent.
    pub salt: Option<B256>,
}

impl Session {
    /// What the flags say of an approver of `operator`, whose approver is `approver`.
    ///
    /// # Errors
    /// One must approve and nobody has; or the key is another account's.
    pub fn approval(
        &self,
        args: &ApprovalArgs,
        staker: Address,
        operator: Address,
        approver: Address,
    ) -> Result<Approval, Failure> {
        let expiry = args.approval_expiry;
        if let (Some(signature), Some(salt), Some(expiry)) =
            (&args.approval_signature, args.approval_salt, expiry)
        {
            let signature = SignatureWithExpiry { signature: signature.clone(), expiry: U256::from(expiry) };
            return Ok(Approval { signature, salt });
        }
        if let Some(key) = &args.approver_key {
            let password_file = args.approver_password_file.clone();
            let by = Approver { key, password_file, expiry, salt: args.approval_salt };
            return self.approve(&by, staker, operator, approver);
        }
        // The approver and the operator themselves need no signature.
        if approver.is_zero() || staker == approver || staker == operator {
            return Ok(Approval::none());
        }
        Err(Failure::new(format!(
            "{} takes only stakers that {} has approved",
            self.name(operator),
            self.name(approver)
        ))
        .help("ask for a signature (`bulwark operator approve`) and pass it with --approval-signature, or sign with --approver-key"))
    }

    /// Signs a delegation with the approver's key.
    ///
    /// # Errors
    /// No such key, a wrong password, another account's key, or a node that would have another thing signed.
    pub fn approve(
        &self,
        by: &Approver<'_>,
        staker: Address,
        operator: Address,
        approver: Address,
    ) -> Result<Approval, Failure> {
        let path = signer::keystore_path(&self.preferences, by.key)?;
        let keys = KeyArgs { password_file: by.password_file.clone(), ..KeyArgs::default() };
        let key = signer::decrypt(&path, &keys)?;
        if key.address() != approver {
            return Err(Failure::usage(format!(
                "{} is the key of {}, not of the approver",
                by.key,
                key.address()
            ))
            .help(format!("the approver is {approver}")));
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let expiry = U256::from(by.expiry.unwrap_or_else(|| now.saturating_add(LIFETIME).as_secs()));
        let salt = by.salt.unwrap_or_else(drawn);
        let digest = self.digest(&DelegationApproval {
            delegationApprover: approver,
            staker,
            operator,
            salt,
            expiry,
        })?;
        let signed =
            key.sign_hash_sync(&digest).map_err(|error| Failure::new(format!("cannot sign: {error}")))?;
        let signature = SignatureWithExpiry { signature: signed.as_bytes().to_vec().into(), expiry };
        Ok(Approval { signature, salt })
    }

    /// The digest of an approval, made here; the contract must have the same.
    fn digest(&self, approval: &DelegationApproval) -> Result<B256, Failure> {
        let digest = self.client.view(DELEGATION_MANAGER, &approval.digest_call())?;
        let chain_id = super::client::number(&self.client.ask("eth_chainId", serde_json::json!([]))?)?;
        approval.version(chain_id, digest).map(|_| digest).ok_or_else(|| {
            Failure::new("the node's DelegationManager would check another approval than the one asked for")
                .help("nothing was signed; is the node the right one?")
        })
    }
}

fn drawn() -> B256 {
    let mut salt = B256::ZERO;
    OsRng.fill_bytes(salt.as_mut_slice());
    salt
}
