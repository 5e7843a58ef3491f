//! EigenLayer's own Rust SDK against a running Bulwark development node: it registers an operator, deposits, makes an
//! operator set, joins it with a BLS key, allocates, appoints, and reads everything back. `cargo xtask e2e eigensdk`.

use alloy::{
    network::TransactionBuilder,
    primitives::{Address, Bytes, FixedBytes, U256, address, fixed_bytes, hex},
    providers::{Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
    sol,
};
use anyhow::{Context, Result, ensure};
use eigen_client_elcontracts::{reader::ELChainReader, writer::ELChainWriter};
use eigen_common::get_signer;
use eigen_crypto_bls::BlsKeyPair;
use eigen_types::operator::Operator;
use eigen_utils::slashing::core::{
    allocation_manager::{
        AllocationManager::{self, OperatorSet},
        IAllocationManagerTypes::{AllocateParams, CreateSetParams},
    },
    i_strategy::IStrategy,
};
use serde_json::Value;
use std::fmt::Debug;

/// Keys of the development accounts 1 (operator) and 2 (service), known to everybody.
const OPERATOR_KEY: &str = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
const SERVICE_KEY: &str = "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a";
const OPERATOR: Address = address!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
const SERVICE: Address = address!("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC");
const APPOINTEE: Address = address!("0x90F79bf6EB2c4f870365E785982E1f101E93b906");

/// `modifyAllocations(address,((address,uint32),address[],uint64[])[])`.
const MODIFY_ALLOCATIONS: FixedBytes<4> = fixed_bytes!("0x952899ee");

/// What is deposited, in wei of the test token.
const DEPOSIT: u128 = 900_000_000_000_000_000_000;
/// What is allocated, of 10^18.
const ALLOCATED: u64 = 250_000_000_000_000_000;

sol! {
    #[sol(rpc)]
    interface ITestToken {
        function mint(address to, uint256 value) external;
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1).context("usage: eigensdk-story RPC-URL")?;
    let mut told = Told::default();
    story(&url, &mut told).await?;
    println!("{} checks: EigenLayer's SDK reads and writes Bulwark unchanged", told.0);
    Ok(())
}

/// Checks that held.
#[derive(Default)]
struct Told(usize);

impl Told {
    fn equal<T: PartialEq + Debug>(&mut self, what: &str, found: T, expected: T) -> Result<()> {
        ensure!(found == expected, "{what}: found {found:?}, expected {expected:?}");
        println!("  ok  {what}: {found:?}");
        self.0 += 1;
        Ok(())
    }
}

/// Where the contracts are, as the node says.
struct Places(Value);

impl Places {
    async fn ask(url: &str) -> Result<Self> {
        let provider = ProviderBuilder::new().connect_http(url.parse()?);
        Ok(Self(provider.raw_request("restake_addresses".into(), ()).await?))
    }

    fn of(&self, name: &str) -> Result<Address> {
        let text = self.0[name].as_str().with_context(|| format!("the node names no {name}"))?;
        Ok(text.parse()?)
    }
}

async fn story(url: &str, told: &mut Told) -> Result<()> {
    let places = Places::ask(url).await?;
    let reader = ELChainReader::build(
        places.of("DelegationManager")?,
        places.of("AVSDirectory")?,
        // Rewards come with a later release: no verb of theirs is called here.
        Address::ZERO,
        &url.to_owned(),
    )
    .await?;
    let registrar = service(url, &places).await?;
    let writer = ELChainWriter::new(
        places.of("StrategyManager")?,
        Address::ZERO,
        Some(places.of("PermissionController")?),
        Some(places.of("AllocationManager")?),
        registrar,
        reader.clone(),
        url.to_owned(),
        OPERATOR_KEY.into(),
    );
    let strategy = first_strategy(url, &places).await?;
    operator(url, &places, &reader, &writer, strategy, told).await?;
    allocation(url, &places, &reader, &writer, strategy, told).await?;
    permissions(&places, &reader, &writer, told).await
}

/// The test token's strategy, from the factory.
async fn first_strategy(url: &str, places: &Places) -> Result<Address> {
    sol! {
        #[sol(rpc)]
        interface IFactory {
            function deployedStrategies(address token) external view returns (address);
        }
    }
    let provider = ProviderBuilder::new().connect_http(url.parse()?);
    let factory = IFactory::new(places.of("StrategyFactory")?, provider);
    Ok(factory.deployedStrategies(places.of("TestToken")?).call().await?)
}

/// The service deploys its registrar and tells who it is. The registrar answers every call with the words 1 and 2: "yes"
/// to the AllocationManager, and the generator of BN254's G1 as the message that the SDK has the operator sign.
async fn service(url: &str, places: &Places) -> Result<Address> {
    let provider = get_signer(SERVICE_KEY, url);
    let deploy = TransactionRequest::default().with_deploy_code(Bytes::from(deployment()));
    let receipt = provider.send_transaction(deploy).await?.get_receipt().await?;
    let registrar = receipt.contract_address.context("the registrar was not deployed")?;
    let manager = AllocationManager::new(places.of("AllocationManager")?, &provider);
    manager
        .updateAVSMetadataURI(SERVICE, "https://example.org/avs.json".into())
        .send()
        .await?
        .get_receipt()
        .await?;
    manager.setAVSRegistrar(SERVICE, registrar).send().await?.get_receipt().await?;
    Ok(registrar)
}

/// Init code that returns the registrar's code.
fn deployment() -> Vec<u8> {
    // mstore(0, 1) mstore(32, 2) return(0, 64)
    let code = hex!("60015f52600260205260405ff3");
    // push13 code, mstore(0), return(32 - 13, 13)
    let mut out = vec![0x6c];
    out.extend(code);
    out.extend(hex!("5f52600d6013f3"));
    out
}

async fn operator(
    url: &str,
    places: &Places,
    reader: &ELChainReader,
    writer: &ELChainWriter,
    strategy: Address,
    told: &mut Told,
) -> Result<()> {
    told.equal("not an operator before", reader.is_operator_registered(OPERATOR).await?, false)?;
    let operator = Operator {
        address: OPERATOR,
        delegation_approver_address: OPERATOR,
        metadata_url: "https://example.org/operator.json".into(),
        allocation_delay: Some(0),
        _deprecated_earnings_receiver_address: None,
        staker_opt_out_window_blocks: None,
    };
    writer.register_as_operator(operator).await?;
    told.equal("an operator after", reader.is_operator_registered(OPERATOR).await?, true)?;
    told.equal("it is delegated to itself", reader.get_delegated_operator(OPERATOR).await?, OPERATOR)?;
    told.equal("its allocation delay", reader.get_allocation_delay(OPERATOR).await?, 0)?;

    let provider = get_signer(OPERATOR_KEY, url);
    let token = IStrategy::new(strategy, &provider).underlyingToken().call().await?;
    told.equal("the strategy's token", token, places.of("TestToken")?)?;
    ITestToken::new(token, &provider).mint(OPERATOR, U256::from(DEPOSIT)).send().await?.get_receipt().await?;
    writer.deposit_erc20_into_strategy(strategy, U256::from(DEPOSIT)).await?;
    let shares = reader.get_operator_shares_in_strategy(OPERATOR, strategy).await?;
    told.equal("its shares", shares, U256::from(DEPOSIT))?;
    let held = reader.get_staker_shares(OPERATOR).await?;
    told.equal("its deposits", held, (vec![strategy], vec![U256::from(DEPOSIT)]))
}

async fn allocation(
    url: &str,
    places: &Places,
    reader: &ELChainReader,
    writer: &ELChainWriter,
    strategy: Address,
    told: &mut Told,
) -> Result<()> {
    let set = || OperatorSet { avs: SERVICE, id: 7 };
    let manager = AllocationManager::new(places.of("AllocationManager")?, get_signer(SERVICE_KEY, url));
    let params = vec![CreateSetParams { operatorSetId: 7, strategies: vec![strategy] }];
    manager.createOperatorSets(SERVICE, params).send().await?.get_receipt().await?;
    told.equal(
        "strategies of the set",
        reader.get_strategies_for_operator_set(set()).await?,
        vec![strategy],
    )?;

    let key = BlsKeyPair::new(
        "12248929636257230549931416853095037629726205319386239410403476017439825112537".into(),
    );
    let key = key.map_err(|error| anyhow::anyhow!("{error:?}"))?;
    writer.register_for_operator_sets(OPERATOR, SERVICE, vec![7], key, "socket").await?;
    let registered = reader.is_operator_registered_with_operator_set(OPERATOR, set()).await?;
    told.equal("registered with the set", registered, true)?;
    told.equal("operators of the set", reader.get_operators_for_operator_set(set()).await?, vec![OPERATOR])?;

    let allocate =
        AllocateParams { operatorSet: set(), strategies: vec![strategy], newMagnitudes: vec![ALLOCATED] };
    writer.modify_allocations(OPERATOR, vec![allocate]).await?;
    let left = 1_000_000_000_000_000_000 - ALLOCATED;
    told.equal("magnitude left", reader.get_allocatable_magnitude(OPERATOR, strategy).await?, left)?;
    told.equal("encumbered", reader.get_encumbered_magnitude(OPERATOR, strategy).await?, ALLOCATED)?;
    let info = reader.get_allocation_info(OPERATOR, strategy).await?;
    let current: Vec<U256> = info.iter().map(|info| info.current_magnitude).collect();
    told.equal("allocations", current, vec![U256::from(ALLOCATED)])?;
    let quarter = U256::from(DEPOSIT / 4);
    let slashable = reader.get_slashable_shares(OPERATOR, set(), vec![strategy]).await?;
    told.equal("slashable shares", slashable, vec![quarter])?;
    let stake = reader.get_allocated_stake(set(), vec![OPERATOR], vec![strategy]).await?;
    told.equal("allocated stake", stake, vec![vec![quarter]])?;
    told.equal("slashable", reader.is_operator_slashable(OPERATOR, set()).await?, true)
}

async fn permissions(
    places: &Places,
    reader: &ELChainReader,
    writer: &ELChainWriter,
    told: &mut Told,
) -> Result<()> {
    let manager = places.of("AllocationManager")?;
    writer.set_permission(OPERATOR, APPOINTEE, manager, MODIFY_ALLOCATIONS).await?;
    let may = reader.can_call(OPERATOR, APPOINTEE, manager, MODIFY_ALLOCATIONS).await?;
    told.equal("the appointee may allocate", may, true)?;
    writer.remove_permission(OPERATOR, APPOINTEE, manager, MODIFY_ALLOCATIONS).await?;
    let may = reader.can_call(OPERATOR, APPOINTEE, manager, MODIFY_ALLOCATIONS).await?;
    told.equal("and no more", may, false)
}
