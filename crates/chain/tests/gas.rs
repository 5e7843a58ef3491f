//! What each verb costs: the committed table `docs/gas.md`, compared with what the rules charge now. A change of a
//! price is a fork, so it must be seen in review. `UPDATE_GAS=1 cargo test -p chain --test gas` writes the table anew.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a test: it may fail by panicking, and its numbers are small"
)]

use alloy_primitives::{Address, B256, Bytes, U256, address, bytes};
use alloy_sol_types::SolCall;
use chain::{
    CallRequest, Overrides,
    executor::{BlockContext, BlockOverrides, Environment, MemorySource, Simulator},
};
use light::{
    bn254,
    certificate::{Certificate, Fraction, Lower, Node, encode},
};
use protocol::genesis::{Setup, accounts};
use revm::{context_interface::cfg::GasParams, primitives::hardfork::SpecId};
use secp256k1::{Message, PublicKey, SECP256K1, SecretKey};
use state::Account;
use std::fmt::Write as _;
use types::{
    Params, Preset,
    abi::{
        IAVSDirectory as Ad, IAllocationManager as Am, ICovenants as Covenants, IDelegationManager as Dm,
        IDurationVaultStrategy as Vault, IERC20, IEigen, IKeyRegistrar as Kr, ILens as Lens,
        ILossNotices as LossNotices, IMulticall3, IPermissionController as Pc, IPriceBook as Prices,
        IProtocolRegistry, IReleaseManager as Rm, IRiskOracle as Risk, ISafeExit as SafeExit,
        IStrategyFactory, IStrategyManager as Sm, ITestToken as Test, IVotesToken, IWETH as Weth,
    },
    addresses::{
        ALLOCATION_MANAGER, AVS_DIRECTORY, BACKING_EIGEN, COVENANTS, DELEGATION_MANAGER, EIGEN,
        EIGEN_STRATEGY, KEY_REGISTRAR, LENS, LOSS_NOTICES, MULTICALL3, PERMISSION_CONTROLLER, PRICE_BOOK,
        PROTOCOL_REGISTRY, RELEASE_MANAGER, RISK_ORACLE, SAFE_EXIT, STRATEGY_FACTORY, STRATEGY_MANAGER,
        TEST_TOKEN, TEST_TOKEN_STRATEGY, WETH,
    },
    params::Roles,
};

const OWNER: Address = address!("0x0000000000000000000000000000000000000a01");
const STAKER: Address = address!("0x0000000000000000000000000000000000000b01");
const OPERATOR: Address = address!("0x0000000000000000000000000000000000000b02");
const OTHER: Address = address!("0x0000000000000000000000000000000000000b03");

const SERVICE: Address = address!("0x0000000000000000000000000000000000000b04");
const PROMISER: Address = address!("0x0000000000000000000000000000000000000b06");
const DELEGATOR: Address = address!("0x0000000000000000000000000000000000000b07");
/// A contract that answers 1 to everything.
const REGISTRAR: Address = address!("0x0000000000000000000000000000000000000b05");

const HEAD: &str = "# Gas of the native contracts

What a transaction with one call pays, refunds taken off: *in all*, and *the call* without what Ethereum charges for the
transaction and its calldata. Rows follow each other in one history, so \"first\" writes slots that \"again\" changes.
Prices are in `crates/types/src/gas.rs` and the EVM's. This table is compared by `cargo test -p chain --test gas`, which
writes it with `UPDATE_GAS=1`; a change of a number is a fork.

| contract | verb | in all | the call |
| --- | --- | ---: | ---: |
";

/// One history, and the rows of what it cost.
struct Ledger<'s> {
    simulator: Simulator<'s>,
    table: String,
}

impl Ledger<'_> {
    /// Sends a call, keeps what it did, and adds a row. Returns the answer.
    fn row<C: SolCall>(&mut self, row: (&str, &str), from: Address, to: Address, call: &C) -> C::Return {
        self.pay(row, from, to, U256::ZERO, call)
    }

    fn pay<C: SolCall>(
        &mut self,
        (contract, verb): (&str, &str),
        from: Address,
        to: Address,
        value: U256,
        call: &C,
    ) -> C::Return {
        let input = Bytes::from(call.abi_encode());
        let prices = GasParams::new_spec(SpecId::OSAKA);
        let outside = prices.initial_tx_gas(&input, false, 0, 0, 0, None).initial_total_gas();
        let request = CallRequest { from, to: Some(to), value, input, ..CallRequest::default() };
        let simulated = self.simulator.call(&request).unwrap();
        let outcome = simulated.outcome();
        assert!(outcome.is_success(), "{contract} {verb}: {outcome:?}");
        self.simulator.keep(simulated);
        let (all, inside) = (outcome.gas_used, outcome.gas_used.saturating_sub(outside));
        writeln!(self.table, "| {contract} | {verb} | {all} | {inside} |").unwrap();
        C::abi_decode_returns(&outcome.output()).unwrap()
    }

    fn at_block(&mut self, number: u64) {
        let block = BlockOverrides { number: Some(number), ..BlockOverrides::default() };
        self.simulator.pretend(&Overrides { block, ..Overrides::default() }).unwrap();
    }
}

fn world(params: &Params) -> MemorySource {
    let mut source = MemorySource::default();
    let roles = Roles::all_held_by(OWNER);
    for person in [OWNER, STAKER, OPERATOR, OTHER, SERVICE, PROMISER, DELEGATOR] {
        let balance = U256::from(10).pow(U256::from(21));
        let code_hash = alloy_primitives::KECCAK256_EMPTY;
        source.accounts.insert(person, Account { nonce: 0, balance, code_hash });
    }
    for native in accounts(&Setup { params, roles: &roles, dev: true }) {
        let code_hash = alloy_primitives::keccak256(&native.code);
        let account = Account { nonce: native.nonce, balance: U256::ZERO, code_hash };
        source.accounts.insert(native.address, account);
        source.codes.insert(code_hash, native.code);
        source.slots.extend(native.storage.iter().map(|(slot, value)| ((native.address, *slot), *value)));
    }
    let agree = bytes!("60015f5260205ff3");
    let code_hash = alloy_primitives::keccak256(&agree);
    source.accounts.insert(REGISTRAR, Account { nonce: 1, balance: U256::ZERO, code_hash });
    source.codes.insert(code_hash, agree);
    source
}

fn ether(amount: u64) -> U256 {
    U256::from(amount) * U256::from(10).pow(U256::from(18))
}

fn tokens(ledger: &mut Ledger<'_>) {
    let (test, weth, value) = ("TestToken", "WETH", ether(100));
    let mint = Test::mintCall { to: STAKER, value };
    ledger.row((test, "mint, first"), STAKER, TEST_TOKEN, &mint);
    ledger.row((test, "mint, again"), STAKER, TEST_TOKEN, &mint);
    let approve = Test::approveCall { spender: STRATEGY_MANAGER, value: ether(90) };
    ledger.row((test, "approve"), STAKER, TEST_TOKEN, &approve);
    let transfer = Test::transferCall { to: OTHER, value: ether(1) };
    ledger.row((test, "transfer, to a new holder"), STAKER, TEST_TOKEN, &transfer);
    ledger.row((test, "transfer, again"), STAKER, TEST_TOKEN, &transfer);
    ledger.row((test, "balanceOf"), STAKER, TEST_TOKEN, &Test::balanceOfCall { account: STAKER });
    ledger.pay((weth, "deposit, first"), STAKER, WETH, ether(10), &Weth::depositCall {});
    ledger.pay((weth, "deposit, again"), STAKER, WETH, ether(10), &Weth::depositCall {});
    ledger.row((weth, "withdraw"), STAKER, WETH, &Weth::withdrawCall { wad: ether(1) });
    let approve = Weth::approveCall { guy: STRATEGY_MANAGER, wad: ether(10) };
    ledger.row((weth, "approve"), STAKER, WETH, &approve);
}

fn strategies(ledger: &mut Ledger<'_>) {
    let factory = ("StrategyFactory", "deployNewStrategy");
    let call = IStrategyFactory::deployNewStrategyCall { token: WETH };
    let weth_strategy = ledger.row(factory, STAKER, STRATEGY_FACTORY, &call);
    let name = "StrategyManager";
    let deposit = |strategy, token| Sm::depositIntoStrategyCall { strategy, token, amount: ether(5) };
    let (test, weth) = (deposit(TEST_TOKEN_STRATEGY, TEST_TOKEN), deposit(weth_strategy, WETH));
    ledger.row((name, "depositIntoStrategy, first of all"), STAKER, STRATEGY_MANAGER, &test);
    ledger.row((name, "depositIntoStrategy, again"), STAKER, STRATEGY_MANAGER, &test);
    ledger.row((name, "depositIntoStrategy, a second strategy"), STAKER, STRATEGY_MANAGER, &weth);
    let call = Sm::getDepositsCall { staker: STAKER };
    ledger.row((name, "getDeposits, 2 strategies"), STAKER, STRATEGY_MANAGER, &call);
}

fn delegation(ledger: &mut Ledger<'_>) {
    let name = "DelegationManager";
    let at = DELEGATION_MANAGER;
    for (operator, note) in [(OPERATOR, "registerAsOperator"), (OTHER, "registerAsOperator, another")] {
        let call = Dm::registerAsOperatorCall {
            initDelegationApprover: Address::ZERO,
            allocationDelay: 0,
            metadataURI: "https://example.org/operator.json".into(),
        };
        ledger.row((name, note), operator, at, &call);
    }
    let unsigned = Dm::SignatureWithExpiry { signature: Bytes::new(), expiry: U256::ZERO };
    let delegate = Dm::delegateToCall {
        operator: OPERATOR,
        approverSignatureAndExpiry: unsigned.clone(),
        approverSalt: B256::ZERO,
    };
    ledger.row((name, "delegateTo, with 2 strategies"), STAKER, at, &delegate);
    let deposit =
        Sm::depositIntoStrategyCall { strategy: TEST_TOKEN_STRATEGY, token: TEST_TOKEN, amount: ether(5) };
    let delegated = ("StrategyManager", "depositIntoStrategy, delegated");
    ledger.row(delegated, STAKER, STRATEGY_MANAGER, &deposit);
    let queue = Dm::queueWithdrawalsCall {
        params: vec![Dm::QueuedWithdrawalParams {
            strategies: vec![TEST_TOKEN_STRATEGY],
            depositShares: vec![ether(2)],
            __deprecated_withdrawer: STAKER,
        }],
    };
    ledger.row((name, "queueWithdrawals, first"), STAKER, at, &queue);
    ledger.row((name, "queueWithdrawals, again"), STAKER, at, &queue);
    let queued = Dm::getQueuedWithdrawalsCall { staker: STAKER };
    let withdrawals = ledger.row((name, "getQueuedWithdrawals, 2"), STAKER, at, &queued).withdrawals;
    ledger.at_block(2_000);
    for (withdrawal, as_tokens) in withdrawals.into_iter().zip([true, false]) {
        let note = if as_tokens {
            "completeQueuedWithdrawal, as tokens"
        } else {
            "completeQueuedWithdrawal, as shares"
        };
        let tokens = vec![TEST_TOKEN];
        let call = Dm::completeQueuedWithdrawalCall { withdrawal, tokens, receiveAsTokens: as_tokens };
        ledger.row((name, note), STAKER, at, &call);
    }
    let redelegate =
        Dm::redelegateCall { newOperator: OTHER, newOperatorApproverSig: unsigned, approverSalt: B256::ZERO };
    ledger.row((name, "redelegate, with 2 strategies"), STAKER, at, &redelegate);
    let strategies = vec![TEST_TOKEN_STRATEGY];
    let call = Dm::getWithdrawableSharesCall { staker: STAKER, strategies };
    ledger.row((name, "getWithdrawableShares, 1 strategy"), STAKER, at, &call);
    ledger.row((name, "undelegate, with nothing left"), STAKER, at, &Dm::undelegateCall { staker: STAKER });
}

fn permissions(ledger: &mut Ledger<'_>) {
    let (name, at) = ("PermissionController", PERMISSION_CONTROLLER);
    ledger.row(
        (name, "addPendingAdmin"),
        OPERATOR,
        at,
        &Pc::addPendingAdminCall { account: OPERATOR, admin: OTHER },
    );
    ledger.row((name, "acceptAdmin"), OTHER, at, &Pc::acceptAdminCall { account: OPERATOR });
    let call = Am::setAllocationDelayCall { operator: OPERATOR, delay: 5 };
    ledger.row(("AllocationManager", "setAllocationDelay, by an admin"), OTHER, ALLOCATION_MANAGER, &call);
    let call_data = Bytes::from(Test::balanceOfCall { account: STAKER }.abi_encode());
    let call = IMulticall3::Call3 { target: TEST_TOKEN, allowFailure: false, callData: call_data };
    let aggregate = IMulticall3::aggregate3Call { calls: vec![call; 10] };
    ledger.row(("Multicall3", "aggregate3, 10 calls of balanceOf"), STAKER, MULTICALL3, &aggregate);
}

/// OTHER operates, SERVICE slashes it.
fn operator_sets(ledger: &mut Ledger<'_>) {
    let (name, at, half) = ("AllocationManager", ALLOCATION_MANAGER, 500_000_000_000_000_000);
    let metadata =
        Am::updateAVSMetadataURICall { avs: SERVICE, metadataURI: "https://example.org/service.json".into() };
    ledger.row((name, "updateAVSMetadataURI, first"), SERVICE, at, &metadata);
    let registrar = Am::setAVSRegistrarCall { avs: SERVICE, registrar: REGISTRAR };
    ledger.row((name, "setAVSRegistrar, a contract"), SERVICE, at, &registrar);
    let strategies = vec![TEST_TOKEN_STRATEGY];
    let params = Am::CreateSetParamsV2 { operatorSetId: 1, strategies: strategies.clone(), slasher: SERVICE };
    let create = Am::createOperatorSets_1Call { avs: SERVICE, params: vec![params] };
    ledger.row((name, "createOperatorSets, 1 with 1 strategy"), SERVICE, at, &create);
    let params = Am::RegisterParams { avs: SERVICE, operatorSetIds: vec![1], data: Bytes::new() };
    let register = Am::registerForOperatorSetsCall { operator: OTHER, params };
    ledger.row((name, "registerForOperatorSets, 1"), OTHER, at, &register);
    let modify = |magnitude| {
        let params = Am::AllocateParams {
            operatorSet: Am::OperatorSet { avs: SERVICE, id: 1 },
            strategies: vec![TEST_TOKEN_STRATEGY],
            newMagnitudes: vec![magnitude],
        };
        Am::modifyAllocationsCall { operator: OTHER, params: vec![params] }
    };
    ledger.row((name, "modifyAllocations, first"), OTHER, at, &modify(2 * half));
    let slash = Am::slashOperatorCall {
        avs: SERVICE,
        params: Am::SlashingParams {
            operator: OTHER,
            operatorSetId: 1,
            strategies: strategies.clone(),
            wadsToSlash: vec![U256::from(half)],
            description: "double signing".into(),
        },
    };
    ledger.row((name, "slashOperator, first"), SERVICE, at, &slash);
    ledger.at_block(2_001);
    ledger.row((name, "slashOperator, again"), SERVICE, at, &slash);
    ledger.row((name, "modifyAllocations, less"), OTHER, at, &modify(half / 4));
    ledger.at_block(2_100);
    let clear = Am::clearDeallocationQueueCall { operator: OTHER, strategies, numToClear: vec![1] };
    ledger.row((name, "clearDeallocationQueue, 1"), STAKER, at, &clear);
    let set = Sm::OperatorSet { avs: SERVICE, id: 1 };
    let clear = Sm::clearBurnOrRedistributableSharesCall { operatorSet: set, slashId: U256::ONE };
    let row = ("StrategyManager", "clearBurnOrRedistributableShares, 1 strategy");
    ledger.row(row, STAKER, STRATEGY_MANAGER, &clear);
    let params = Am::DeregisterParams { operator: OTHER, avs: SERVICE, operatorSetIds: vec![1] };
    let deregister = Am::deregisterFromOperatorSetsCall { params };
    ledger.row((name, "deregisterFromOperatorSets, 1"), OTHER, at, &deregister);
}

fn signer() -> (SecretKey, Address) {
    let secret = SecretKey::from_byte_array([7; 32]).unwrap();
    let public = PublicKey::from_secret_key(SECP256K1, &secret).serialize_uncompressed();
    (secret, Address::from_raw_public_key(&public[1..]))
}

fn sign(digest: B256) -> Bytes {
    let message = Message::from_digest(digest.0);
    let (id, compact) = SECP256K1.sign_ecdsa_recoverable(message, &signer().0).serialize_compact();
    [compact.as_slice(), &[27 + u8::try_from(i32::from(id)).unwrap()]].concat().into()
}

fn keys(ledger: &mut Ledger<'_>) {
    let (name, at) = ("KeyRegistrar", KEY_REGISTRAR);
    let set = |id| Kr::OperatorSet { avs: SERVICE, id };
    for (id, curve, row) in [(1, 1, "configureOperatorSet"), (2, 2, "configureOperatorSet, another")] {
        let call = Kr::configureOperatorSetCall { operatorSet: set(id), curveType: curve };
        ledger.row((name, row), SERVICE, at, &call);
    }
    let key = signer().1;
    let call =
        Kr::getECDSAKeyRegistrationMessageHashCall { operator: OTHER, operatorSet: set(1), keyAddress: key };
    let digest = ledger.row((name, "getECDSAKeyRegistrationMessageHash"), OTHER, at, &call);
    let (key_data, signature) = (Bytes::copy_from_slice(key.as_slice()), sign(digest));
    let call = Kr::registerKeyCall { operator: OTHER, operatorSet: set(1), keyData: key_data, signature };
    ledger.row((name, "registerKey, ECDSA"), OTHER, at, &call);

    let secret = bn254::SecretKey::new(U256::from(69));
    let (g1, g2) = (secret.key_g1(), secret.key_g2());
    let words = |words: &[U256]| -> Bytes { words.iter().flat_map(U256::to_be_bytes::<32>).collect() };
    let key_data = words(&[g1.x, g1.y, g2.x[0], g2.x[1], g2.y[0], g2.y[1]]);
    let call = Kr::getBN254KeyRegistrationMessageHashCall {
        operator: OTHER,
        operatorSet: set(2),
        keyData: key_data.clone(),
    };
    let digest = ledger.row((name, "getBN254KeyRegistrationMessageHash"), OTHER, at, &call);
    let point = secret.sign(digest);
    let signature = words(&[point.x, point.y]);
    let call = Kr::registerKeyCall { operator: OTHER, operatorSet: set(2), keyData: key_data, signature };
    ledger.row((name, "registerKey, BN254"), OTHER, at, &call);
    let call = Kr::deregisterKeyCall { operator: OTHER, operatorSet: set(2) };
    ledger.row((name, "deregisterKey, BN254"), OTHER, at, &call);
}

fn registries(ledger: &mut Ledger<'_>) {
    let operator = signer().1;
    let call = Dm::registerAsOperatorCall {
        initDelegationApprover: Address::ZERO,
        allocationDelay: 0,
        metadataURI: "https://example.org/operator.json".into(),
    };
    ledger.row(("DelegationManager", "registerAsOperator, a third"), operator, DELEGATION_MANAGER, &call);
    let (name, at, expiry) = ("AVSDirectory", AVS_DIRECTORY, U256::MAX);
    let call = Ad::calculateOperatorAVSRegistrationDigestHashCall {
        operator,
        avs: SERVICE,
        salt: B256::ZERO,
        expiry,
    };
    let digest = ledger.row((name, "calculateOperatorAVSRegistrationDigestHash"), SERVICE, at, &call);
    let signature = Ad::SignatureWithSaltAndExpiry { signature: sign(digest), salt: B256::ZERO, expiry };
    let call = Ad::registerOperatorToAVSCall { operator, operatorSignature: signature };
    ledger.row((name, "registerOperatorToAVS"), SERVICE, at, &call);
    ledger.row(
        (name, "deregisterOperatorFromAVS"),
        SERVICE,
        at,
        &Ad::deregisterOperatorFromAVSCall { operator },
    );

    let (name, at) = ("ReleaseManager", RELEASE_MANAGER);
    let set = Rm::OperatorSet { avs: SERVICE, id: 1 };
    let uri = "https://example.org/releases.json".into();
    let call = Rm::publishMetadataURICall { operatorSet: set.clone(), metadataURI: uri };
    ledger.row((name, "publishMetadataURI, first"), SERVICE, at, &call);
    let artifact = Rm::Artifact {
        digest: B256::repeat_byte(7),
        registry: "https://registry.example.org/service".into(),
    };
    let release = Rm::Release { artifacts: vec![artifact], upgradeByTime: 0 };
    let call = Rm::publishReleaseCall { operatorSet: set.clone(), release };
    ledger.row((name, "publishRelease, first, 1 artifact"), SERVICE, at, &call);
    ledger.row((name, "publishRelease, again"), SERVICE, at, &call);
    let call = Rm::getLatestReleaseCall { operatorSet: set };
    ledger.row((name, "getLatestRelease, 1 artifact"), SERVICE, at, &call);
    let call = IProtocolRegistry::getAddressCall { name: "KeyRegistrar".into() };
    ledger.row(("ProtocolRegistry", "getAddress"), STAKER, PROTOCOL_REGISTRY, &call);
}

fn own_tokens(ledger: &mut Ledger<'_>) {
    ledger.row(("EIGEN", "mint"), OWNER, EIGEN, &IEigen::mintCall {});
    let transfer = IERC20::transferCall { to: STAKER, value: ether(100) };
    ledger.row(("EIGEN", "transfer, to a new holder"), OWNER, EIGEN, &transfer);
    let delegate = IVotesToken::delegateCall { delegatee: STAKER };
    ledger.row(("EIGEN", "delegate"), STAKER, EIGEN, &delegate);
    ledger.row(("EIGEN", "transfer, with votes"), OWNER, EIGEN, &transfer);
    ledger.row(("EIGEN", "unwrap"), STAKER, EIGEN, &IEigen::unwrapCall { amount: ether(10) });
    let approve = IERC20::approveCall { spender: EIGEN, value: U256::MAX };
    ledger.row(("BackingEigen", "approve"), STAKER, BACKING_EIGEN, &approve);
    ledger.row(("EIGEN", "wrap"), STAKER, EIGEN, &IEigen::wrapCall { amount: ether(5) });
    let approve = IERC20::approveCall { spender: STRATEGY_MANAGER, value: U256::MAX };
    ledger.row(("EIGEN", "approve"), STAKER, EIGEN, &approve);
    let call = Sm::depositIntoStrategyCall { strategy: EIGEN_STRATEGY, token: EIGEN, amount: ether(5) };
    ledger.row(("StrategyManager", "depositIntoStrategy, EIGEN"), STAKER, STRATEGY_MANAGER, &call);
}

fn vaults(ledger: &mut Ledger<'_>) {
    let params = Am::CreateSetParamsV2 { operatorSetId: 2, strategies: vec![], slasher: SERVICE };
    let create = Am::createOperatorSets_1Call { avs: SERVICE, params: vec![params] };
    let row = ("AllocationManager", "createOperatorSets, 1 without strategies");
    ledger.row(row, SERVICE, ALLOCATION_MANAGER, &create);
    let config = IStrategyFactory::VaultConfig {
        underlyingToken: TEST_TOKEN,
        vaultAdmin: OWNER,
        arbitrator: OTHER,
        duration: 86_400,
        maxPerDeposit: ether(10),
        stakeCap: ether(100),
        metadataURI: "https://example.org/vault.json".into(),
        operatorSet: IStrategyFactory::OperatorSet { avs: SERVICE, id: 2 },
        operatorSetRegistrationData: Bytes::new(),
        delegationApprover: Address::ZERO,
        operatorMetadataURI: "https://example.org/operator.json".into(),
    };
    let call = IStrategyFactory::deployDurationVaultStrategyCall { config };
    let row = ("StrategyFactory", "deployDurationVaultStrategy");
    let vault = ledger.row(row, STAKER, STRATEGY_FACTORY, &call);
    let call = Am::addStrategiesToOperatorSetCall { avs: SERVICE, operatorSetId: 2, strategies: vec![vault] };
    ledger.row(("AllocationManager", "addStrategiesToOperatorSet, 1"), SERVICE, ALLOCATION_MANAGER, &call);
    ledger.row(("DurationVaultStrategy", "lock"), OWNER, vault, &Vault::lockCall {});
    let call = Vault::advanceToWithdrawalsCall {};
    ledger.row(("DurationVaultStrategy", "advanceToWithdrawals"), OTHER, vault, &call);
}

/// DELEGATOR and PROMISER opt in to everything, one after the other.
fn extensions(ledger: &mut Ledger<'_>) {
    ledger.at_block(3_000);
    let half = 500_000_000_000_000_000;
    let terms = |services: Vec<Address>| Covenants::Terms {
        maxServices: 2,
        maxSlashableWad: half,
        minAllocationDelayBlocks: 0,
        allowRedistribution: true,
        services,
    };
    let register = Dm::registerAsOperatorCall {
        initDelegationApprover: Address::ZERO,
        allocationDelay: 0,
        metadataURI: "https://example.org/operator.json".into(),
    };
    ledger.row(
        ("DelegationManager", "registerAsOperator, a fourth"),
        PROMISER,
        DELEGATION_MANAGER,
        &register,
    );
    let call = Covenants::setCovenantCall { operator: PROMISER, terms: terms(vec![SERVICE]) };
    ledger.row(("Covenants", "setCovenant, 1 service named"), PROMISER, COVENANTS, &call);
    let call = Covenants::setPolicyCall { staker: DELEGATOR, terms: terms(Vec::new()) };
    ledger.row(("Covenants", "setPolicy"), DELEGATOR, COVENANTS, &call);
    let call = Dm::delegateToCall {
        operator: PROMISER,
        approverSignatureAndExpiry: Dm::SignatureWithExpiry { signature: Bytes::new(), expiry: U256::ZERO },
        approverSalt: B256::ZERO,
    };
    ledger.row(("DelegationManager", "delegateTo, with a policy"), DELEGATOR, DELEGATION_MANAGER, &call);
    let (name, at) = ("AllocationManager", ALLOCATION_MANAGER);
    let params = Am::RegisterParams { avs: SERVICE, operatorSetIds: vec![1], data: Bytes::new() };
    let call = Am::registerForOperatorSetsCall { operator: PROMISER, params };
    ledger.row((name, "registerForOperatorSets, 1, with a covenant"), PROMISER, at, &call);
    let params = Am::AllocateParams {
        operatorSet: Am::OperatorSet { avs: SERVICE, id: 1 },
        strategies: vec![TEST_TOKEN_STRATEGY],
        newMagnitudes: vec![half],
    };
    let call = Am::modifyAllocationsCall { operator: PROMISER, params: vec![params] };
    ledger.row((name, "modifyAllocations, first, with a covenant"), PROMISER, at, &call);

    let mint = Test::mintCall { to: DELEGATOR, value: ether(1) };
    ledger.row(("TestToken", "mint, to a delegator"), DELEGATOR, TEST_TOKEN, &mint);
    let approve = Test::approveCall { spender: STRATEGY_MANAGER, value: ether(1) };
    ledger.row(("TestToken", "approve, by a delegator"), DELEGATOR, TEST_TOKEN, &approve);
    let call = LossNotices::setWatchedCall { staker: DELEGATOR, watched: true };
    ledger.row(("LossNotices", "setWatched"), DELEGATOR, LOSS_NOTICES, &call);
    let (strategy, token, amount) = (TEST_TOKEN_STRATEGY, TEST_TOKEN, ether(1));
    let call = Sm::depositIntoStrategyCall { strategy, token, amount };
    ledger.row(
        ("StrategyManager", "depositIntoStrategy, first, watched"),
        DELEGATOR,
        STRATEGY_MANAGER,
        &call,
    );
    ledger.at_block(3_001);
    let slash = Am::SlashingParams {
        operator: PROMISER,
        operatorSetId: 1,
        strategies: vec![TEST_TOKEN_STRATEGY],
        wadsToSlash: vec![U256::from(half)],
        description: "double signing".into(),
    };
    let call = Am::slashOperatorCall { avs: SERVICE, params: slash };
    ledger.row((name, "slashOperator, a third"), SERVICE, at, &call);
    let set = LossNotices::OperatorSet { avs: SERVICE, id: 1 };
    let id = U256::from(3);
    let call = LossNotices::noticeCall { staker: DELEGATOR, operatorSet: set.clone(), slashId: id };
    ledger.row(("LossNotices", "notice, 1 strategy"), STAKER, LOSS_NOTICES, &call);
    let call = LossNotices::keepCall { operatorSet: set, slashId: id };
    ledger.row(("LossNotices", "keep, 1 strategy"), STAKER, LOSS_NOTICES, &call);
    let call = Lens::positionCall { staker: DELEGATOR };
    ledger.row(("Lens", "position, 1 strategy, 1 set"), STAKER, LENS, &call);

    risk(ledger);

    let set = SafeExit::OperatorSet { avs: SERVICE, id: 1 };
    let call = SafeExit::requestExitCall { operator: PROMISER, operatorSet: set.clone() };
    ledger.row(("SafeExit", "requestExit"), PROMISER, SAFE_EXIT, &call);
    ledger.at_block(3_100);
    let call = SafeExit::forceExitCall { operator: PROMISER, operatorSet: set };
    ledger.row(("SafeExit", "forceExit"), PROMISER, SAFE_EXIT, &call);
}

fn risk(ledger: &mut Ledger<'_>) {
    let (name, at) = ("PriceBook", PRICE_BOOK);
    let call = Prices::setFixedCall { asset: TEST_TOKEN, wad: ether(2) };
    ledger.row((name, "setFixed"), OWNER, at, &call);
    ledger.row((name, "setPar"), OWNER, at, &Prices::setParCall { asset: TEST_TOKEN });
    ledger.row((name, "priceOf, ether"), STAKER, at, &Prices::priceOfCall { asset: WETH });
    let call = Prices::priceOfCall { asset: TEST_TOKEN_STRATEGY };
    ledger.row((name, "priceOf, a strategy"), STAKER, at, &call);

    let (name, at) = ("RiskOracle", RISK_ORACLE);
    let service: B256 = {
        let mut key = [0; 32];
        key[..20].copy_from_slice(SERVICE.as_slice());
        key[31] = 1;
        key.into()
    };
    ledger.row((name, "setListed"), OWNER, at, &Risk::setListedCall { service, listed: true });
    let prize = 1_000_000_000_000_000_000;
    let call = Risk::setPrizeCall { service, prize, numerator: 1, denominator: 3 };
    ledger.row((name, "setPrize, first"), SERVICE, at, &call);
    ledger.row((name, "setPrize, again"), SERVICE, at, &Risk::setPrizeCall { prize: prize + 1, ..call });
    let network = ledger.row((name, "network, 1 service"), STAKER, at, &Risk::networkCall { mode: 1 });
    assert_eq!(network.services, [service]);
    // Every unit of stake at its worth proves that the need is what an attack costs.
    let den = 1_000_000_000;
    let num = network.needs.iter().zip(&network.prizes).map(|(need, prize)| need * den / prize).min();
    let ratio = Fraction { num: num.unwrap(), den };
    let lower = Lower { ratio, nodes: vec![Node::Leaf(vec![den])] };
    let certificate = encode(&Certificate { service: None, lower: Some(lower), upper: None }).into();
    let call = Risk::publishCall { mode: 1, certificate };
    ledger.row((name, "publish, 1 service, first"), STAKER, at, &call);
    ledger.row((name, "publish, 1 service, again"), STAKER, at, &call);
    ledger.row((name, "networkGamma"), STAKER, at, &Risk::networkGammaCall {});
    ledger.row((name, "gamma"), STAKER, at, &Risk::gammaCall { service });
    ledger.row((name, "r"), STAKER, at, &Risk::rCall { psiE6: 10_000 });
}

#[test]
fn verbs_cost_what_the_table_says() {
    let params = Params::preset(Preset::Fast);
    let source = world(&params);
    let environment = Environment::new(31_337, params);
    let context = BlockContext {
        number: 1_000,
        timestamp: 1_700_000_000,
        gas_limit: 60_000_000,
        ..BlockContext::default()
    };
    let mut ledger = Ledger { simulator: Simulator::new(&source, &environment, context), table: HEAD.into() };
    tokens(&mut ledger);
    strategies(&mut ledger);
    delegation(&mut ledger);
    permissions(&mut ledger);
    operator_sets(&mut ledger);
    keys(&mut ledger);
    registries(&mut ledger);
    own_tokens(&mut ledger);
    vaults(&mut ledger);
    extensions(&mut ledger);

    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/gas.md");
    if std::env::var_os("UPDATE_GAS").is_some() {
        std::fs::write(path, &ledger.table).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap();
    for (now, then) in ledger.table.lines().zip(committed.lines()) {
        assert_eq!(now, then, "a price changed; see the head of this file");
    }
    assert_eq!(ledger.table.lines().count(), committed.lines().count());
}
