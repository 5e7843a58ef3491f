//! EigenLayer's DelegationManager: operators, who delegates to them, and the withdrawal queue.
//! Members as in the pinned release (v1.12.0).

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    #[sol(abi)]
    interface IDelegationManager {
        /// A service's operator set.
        struct OperatorSet {
            /// The service.
            address avs;
            /// Which of its sets.
            uint32 id;
        }
        /// A queued withdrawal; its hash is its root.
        struct Withdrawal {
            /// Whose stake leaves.
            address staker;
            /// The operator at the time of queueing.
            address delegatedTo;
            /// Who may complete it.
            address withdrawer;
            /// Which of the staker's withdrawals it is.
            uint256 nonce;
            /// Block of queueing.
            uint32 startBlock;
            /// What is withdrawn from.
            address[] strategies;
            /// How much of each, before the magnitude at completion.
            uint256[] scaledShares;
        }
        /// An approver's signature.
        struct SignatureWithExpiry {
            /// 65 bytes, or whatever the approver's contract takes.
            bytes signature;
            /// Seconds since 1970 after which it is void.
            uint256 expiry;
        }
        /// What to queue.
        struct QueuedWithdrawalParams {
            /// What to withdraw from.
            address[] strategies;
            /// How much of each, in deposit shares.
            uint256[] depositShares;
            /// Ignored: the staker always withdraws to itself.
            address __deprecated_withdrawer;
        }

        event DelegationApproverUpdated(address indexed operator, address newDelegationApprover);
        event DepositScalingFactorUpdated(
            address staker,
            address strategy,
            uint256 newDepositScalingFactor
        );
        event OperatorMetadataURIUpdated(address indexed operator, string metadataURI);
        event OperatorRegistered(address indexed operator, address delegationApprover);
        event OperatorSharesDecreased(
            address indexed operator,
            address staker,
            address strategy,
            uint256 shares
        );
        event OperatorSharesIncreased(
            address indexed operator,
            address staker,
            address strategy,
            uint256 shares
        );
        event OperatorSharesSlashed(address indexed operator, address strategy, uint256 totalSlashedShares);
        event Paused(address indexed account, uint256 newPausedStatus);
        event SlashingWithdrawalCompleted(bytes32 withdrawalRoot);
        event SlashingWithdrawalQueued(
            bytes32 withdrawalRoot,
            Withdrawal withdrawal,
            uint256[] sharesToWithdraw
        );
        event StakerDelegated(address indexed staker, address indexed operator);
        event StakerForceUndelegated(address indexed staker, address indexed operator);
        event StakerUndelegated(address indexed staker, address indexed operator);
        event Unpaused(address indexed account, uint256 newPausedStatus);

        error ActivelyDelegated();
        error CallerCannotUndelegate();
        error CurrentlyPaused();
        error FullySlashed();
        error InputAddressZero();
        error InputArrayLengthMismatch();
        error InputArrayLengthZero();
        error InvalidDepositScalingFactor();
        error InvalidNewPausedStatus();
        error InvalidPermissions();
        error InvalidShortString();
        error InvalidSignature();
        error InvalidSnapshotOrdering();
        error NotActivelyDelegated();
        error OnlyAllocationManager();
        error OnlyEigenPodManager();
        error OnlyPauser();
        error OnlyStrategyManagerOrEigenPodManager();
        error OnlyUnpauser();
        error OperatorNotRegistered();
        error OperatorsCannotUndelegate();
        error SaltSpent();
        error SignatureExpired();
        error StringTooLong(string str);
        error WithdrawalDelayNotElapsed();
        error WithdrawalNotQueued();
        error WithdrawerNotCaller();

        function DELEGATION_APPROVAL_TYPEHASH() external view returns (bytes32);
        function allocationManager() external view returns (address);
        function beaconChainETHStrategy() external view returns (address);
        function calculateDelegationApprovalDigestHash(
            address staker,
            address operator,
            address approver,
            bytes32 approverSalt,
            uint256 expiry
        ) external view returns (bytes32);
        function calculateWithdrawalRoot(Withdrawal calldata withdrawal) external pure returns (bytes32);
        function completeQueuedWithdrawal(
            Withdrawal calldata withdrawal,
            address[] calldata tokens,
            bool receiveAsTokens
        ) external;
        function completeQueuedWithdrawals(
            Withdrawal[] calldata withdrawals,
            address[][] calldata tokens,
            bool[] calldata receiveAsTokens
        ) external;
        function convertToDepositShares(
            address staker,
            address[] calldata strategies,
            uint256[] calldata withdrawableShares
        ) external view returns (uint256[] memory);
        function cumulativeWithdrawalsQueued(address staker) external view returns (uint256 totalQueued);
        function decreaseDelegatedShares(
            address staker,
            uint256 curDepositShares,
            uint64 beaconChainSlashingFactorDecrease
        ) external;
        function delegateTo(
            address operator,
            SignatureWithExpiry calldata approverSignatureAndExpiry,
            bytes32 approverSalt
        ) external;
        function delegatedTo(address staker) external view returns (address operator);
        function delegationApprover(address operator) external view returns (address);
        function delegationApproverSaltIsSpent(
            address delegationApprover,
            bytes32 salt
        ) external view returns (bool spent);
        function depositScalingFactor(address staker, address strategy) external view returns (uint256);
        function domainSeparator() external view returns (bytes32);
        function eigenPodManager() external view returns (address);
        function getDepositedShares(
            address staker
        ) external view returns (address[] memory, uint256[] memory);
        function getOperatorShares(
            address operator,
            address[] calldata strategies
        ) external view returns (uint256[] memory);
        function getOperatorsShares(
            address[] calldata operators,
            address[] calldata strategies
        ) external view returns (uint256[][] memory);
        function getQueuedWithdrawal(
            bytes32 withdrawalRoot
        ) external view returns (Withdrawal memory withdrawal, uint256[] memory shares);
        function getQueuedWithdrawalRoots(address staker) external view returns (bytes32[] memory);
        function getQueuedWithdrawals(address staker) external view returns (Withdrawal[] memory withdrawals, uint256[][] memory shares);
        function getSlashableSharesInQueue(
            address operator,
            address strategy
        ) external view returns (uint256);
        function getWithdrawableShares(address staker, address[] calldata strategies) external view returns (uint256[] memory withdrawableShares, uint256[] memory depositShares);
        function increaseDelegatedShares(
            address staker,
            address strategy,
            uint256 prevDepositShares,
            uint256 addedShares
        ) external;
        function initialize(uint256 initialPausedStatus) external;
        function isDelegated(address staker) external view returns (bool);
        function isOperator(address operator) external view returns (bool);
        function minWithdrawalDelayBlocks() external view returns (uint32);
        function modifyOperatorDetails(address operator, address newDelegationApprover) external;
        function operatorShares(address operator, address strategy) external view returns (uint256 shares);
        function pause(uint256 newPausedStatus) external;
        function pauseAll() external;
        function paused() external view returns (uint256);
        function paused(uint8 index) external view returns (bool);
        function pauserRegistry() external view returns (address);
        function pendingWithdrawals(bytes32 withdrawalRoot) external view returns (bool pending);
        function permissionController() external view returns (address);
        function queueWithdrawals(
            QueuedWithdrawalParams[] calldata params
        ) external returns (bytes32[] memory);
        function queuedWithdrawals(
            bytes32 withdrawalRoot
        ) external view returns (Withdrawal memory withdrawal);
        function redelegate(
            address newOperator,
            SignatureWithExpiry calldata newOperatorApproverSig,
            bytes32 approverSalt
        ) external returns (bytes32[] memory withdrawalRoots);
        function registerAsOperator(
            address initDelegationApprover,
            uint32 allocationDelay,
            string calldata metadataURI
        ) external;
        function slashOperatorShares(
            address operator,
            OperatorSet calldata operatorSet,
            uint256 slashId,
            address strategy,
            uint64 prevMaxMagnitude,
            uint64 newMaxMagnitude
        ) external returns (uint256 totalDepositSharesToSlash);
        function strategyManager() external view returns (address);
        function undelegate(address staker) external returns (bytes32[] memory withdrawalRoots);
        function unpause(uint256 newPausedStatus) external;
        function updateOperatorMetadataURI(address operator, string calldata metadataURI) external;
        function version() external view returns (string memory);
    }
}
