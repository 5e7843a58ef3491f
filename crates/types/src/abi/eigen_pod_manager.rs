//! EigenLayer's EigenPodManager: the share manager of the beacon strategy. Members as in the pinned release (v1.12.0).

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    #[sol(abi)]
    interface IEigenPodManager {
        /// A service's operator set.
        struct OperatorSet {
            /// The service.
            address avs;
            /// Which of its sets.
            uint32 id;
        }

        event BeaconChainETHDeposited(address indexed podOwner, uint256 amount);
        event BeaconChainETHWithdrawalCompleted(
            address indexed podOwner,
            uint256 shares,
            uint96 nonce,
            address delegatedAddress,
            address withdrawer,
            bytes32 withdrawalRoot
        );
        event BeaconChainSlashingFactorDecreased(
            address staker,
            uint64 prevBeaconChainSlashingFactor,
            uint64 newBeaconChainSlashingFactor
        );
        event BurnableETHSharesIncreased(uint256 shares);
        event NewTotalShares(address indexed podOwner, int256 newTotalShares);
        event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);
        event Paused(address indexed account, uint256 newPausedStatus);
        event PectraForkTimestampSet(uint64 newPectraForkTimestamp);
        event PodDeployed(address indexed eigenPod, address indexed podOwner);
        event PodSharesUpdated(address indexed podOwner, int256 sharesDelta);
        event ProofTimestampSetterSet(address newProofTimestampSetter);
        event Unpaused(address indexed account, uint256 newPausedStatus);

        error CurrentlyPaused();
        error EigenPodAlreadyExists();
        error InputAddressZero();
        error InvalidNewPausedStatus();
        error InvalidStrategy();
        error LegacyWithdrawalsNotCompleted();
        error OnlyDelegationManager();
        error OnlyEigenPod();
        error OnlyPauser();
        error OnlyProofTimestampSetter();
        error OnlyUnpauser();
        error SharesNegative();
        error SharesNotMultipleOfGwei();

        function addShares(
            address staker,
            address strategy,
            uint256 shares
        ) external returns (uint256, uint256);
        function beaconChainETHStrategy() external view returns (address);
        function beaconChainSlashingFactor(address podOwner) external view returns (uint64);
        function burnableETHShares() external view returns (uint256);
        function createPod() external returns (address);
        function delegationManager() external view returns (address);
        function eigenPodBeacon() external view returns (address);
        function ethPOS() external view returns (address);
        function getPod(address podOwner) external view returns (address);
        function hasPod(address podOwner) external view returns (bool);
        function increaseBurnOrRedistributableShares(
            OperatorSet calldata operatorSet,
            uint256 slashId,
            address strategy,
            uint256 addedSharesToBurn
        ) external;
        function initialize(address initialOwner, uint256 _initPausedStatus) external;
        function numPods() external view returns (uint256);
        function owner() external view returns (address);
        function ownerToPod(address podOwner) external view returns (address);
        function pause(uint256 newPausedStatus) external;
        function pauseAll() external;
        function paused() external view returns (uint256);
        function paused(uint8 index) external view returns (bool);
        function pauserRegistry() external view returns (address);
        function pectraForkTimestamp() external view returns (uint64);
        function podOwnerDepositShares(address podOwner) external view returns (int256 shares);
        function proofTimestampSetter() external view returns (address);
        function recordBeaconChainETHBalanceUpdate(
            address podOwner,
            uint256 prevRestakedBalanceWei,
            int256 balanceDeltaWei
        ) external;
        function removeDepositShares(
            address staker,
            address strategy,
            uint256 depositSharesToRemove
        ) external returns (uint256);
        function renounceOwnership() external;
        function setPectraForkTimestamp(uint64 timestamp) external;
        function setProofTimestampSetter(address newProofTimestampSetter) external;
        function stake(
            bytes calldata pubkey,
            bytes calldata signature,
            bytes32 depositDataRoot
        ) external payable;
        function stakerDepositShares(
            address user,
            address strategy
        ) external view returns (uint256 depositShares);
        function transferOwnership(address newOwner) external;
        function unpause(uint256 newPausedStatus) external;
        function withdrawSharesAsTokens(
            address staker,
            address strategy,
            address token,
            uint256 shares
        ) external;
    }
}

alloy_sol_types::sol! {
    /// What EigenPodManager asks of a pod.
    #[derive(Debug, PartialEq, Eq)]
    interface IEigenPod {
        function withdrawRestakedBeaconChainETH(address recipient, uint256 amount) external;
    }
}
