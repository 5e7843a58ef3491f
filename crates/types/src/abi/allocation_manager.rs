//! EigenLayer's AllocationManager with its view part: operator sets, allocations of magnitude, slashing.
//! Members as in the pinned release (v1.12.0).

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    #[sol(abi)]
    interface IAllocationManager {
        /// A service's operator set.
        struct OperatorSet {
            /// The service.
            address avs;
            /// Which of its sets.
            uint32 id;
        }
        /// What of an operator's magnitude in a strategy an operator set can slash.
        #[derive(Default)]
        struct Allocation {
            /// Slashable now.
            uint64 currentMagnitude;
            /// What is added, or taken if negative, at the effect block.
            int128 pendingDiff;
            /// When; 0 if nothing is pending.
            uint32 effectBlock;
        }
        /// Magnitudes that an operator wants one set to have.
        struct AllocateParams {
            /// Which set.
            OperatorSet operatorSet;
            /// In which strategies.
            address[] strategies;
            /// How much of each, in all.
            uint64[] newMagnitudes;
        }
        /// A new operator set, slashed by the service itself.
        struct CreateSetParams {
            /// Its id.
            uint32 operatorSetId;
            /// What it can slash.
            address[] strategies;
        }
        /// A new operator set.
        struct CreateSetParamsV2 {
            /// Its id.
            uint32 operatorSetId;
            /// What it can slash.
            address[] strategies;
            /// Who may slash.
            address slasher;
        }
        /// Which sets an operator leaves.
        struct DeregisterParams {
            /// Who leaves.
            address operator;
            /// Whose sets.
            address avs;
            /// Which of them.
            uint32[] operatorSetIds;
        }
        /// Which sets an operator joins.
        struct RegisterParams {
            /// Whose sets.
            address avs;
            /// Which of them.
            uint32[] operatorSetIds;
            /// For the service's registrar.
            bytes data;
        }
        /// A slash.
        struct SlashingParams {
            /// Who is slashed.
            address operator;
            /// By which set of the service.
            uint32 operatorSetId;
            /// In which strategies, in ascending order.
            address[] strategies;
            /// How much of what is allocated in each; 10^18 is all.
            uint256[] wadsToSlash;
            /// Why, for people.
            string description;
        }

        event AVSMetadataURIUpdated(address indexed avs, string metadataURI);
        event AVSRegistrarSet(address avs, address registrar);
        event AllocationDelaySet(address operator, uint32 delay, uint32 effectBlock);
        event AllocationUpdated(
            address operator,
            OperatorSet operatorSet,
            address strategy,
            uint64 magnitude,
            uint32 effectBlock
        );
        event EncumberedMagnitudeUpdated(address operator, address strategy, uint64 encumberedMagnitude);
        event MaxMagnitudeUpdated(address operator, address strategy, uint64 maxMagnitude);
        event OperatorAddedToOperatorSet(address indexed operator, OperatorSet operatorSet);
        event OperatorRemovedFromOperatorSet(address indexed operator, OperatorSet operatorSet);
        event OperatorSetCreated(OperatorSet operatorSet);
        event OperatorSlashed(
            address operator,
            OperatorSet operatorSet,
            address[] strategies,
            uint256[] wadSlashed,
            string description
        );
        event Paused(address indexed account, uint256 newPausedStatus);
        event RedistributionAddressSet(OperatorSet operatorSet, address redistributionRecipient);
        event SlasherMigrated(OperatorSet operatorSet, address slasher);
        event SlasherUpdated(OperatorSet operatorSet, address slasher, uint32 effectBlock);
        event StrategyAddedToOperatorSet(OperatorSet operatorSet, address strategy);
        event StrategyRemovedFromOperatorSet(OperatorSet operatorSet, address strategy);
        event Unpaused(address indexed account, uint256 newPausedStatus);

        error AlreadyMemberOfSet();
        error CurrentlyPaused();
        error Empty();
        error InputAddressZero();
        error InputArrayLengthMismatch();
        error InsufficientMagnitude();
        error InvalidAVSRegistrar();
        error InvalidCaller();
        error InvalidNewPausedStatus();
        error InvalidOperator();
        error InvalidOperatorSet();
        error InvalidPermissions();
        error InvalidRedistributionRecipient();
        error InvalidSnapshotOrdering();
        error InvalidStrategy();
        error InvalidWadToSlash();
        error ModificationAlreadyPending();
        error NonexistentAVSMetadata();
        error NotMemberOfSet();
        error OnlyPauser();
        error OnlyUnpauser();
        error OperatorNotSlashable();
        error OperatorSetAlreadyMigrated();
        error SameMagnitude();
        error SlasherNotSet();
        error StrategiesMustBeInAscendingOrder();
        error StrategyAlreadyInOperatorSet();
        error StrategyNotInOperatorSet();
        error UninitializedAllocationDelay();

        function ALLOCATION_CONFIGURATION_DELAY() external view returns (uint32);
        function DEALLOCATION_DELAY() external view returns (uint32);
        function SLASHER_CONFIGURATION_DELAY() external view returns (uint32);
        function addStrategiesToOperatorSet(
            address avs,
            uint32 operatorSetId,
            address[] calldata strategies
        ) external;
        function clearDeallocationQueue(
            address operator,
            address[] calldata strategies,
            uint16[] calldata numToClear
        ) external;
        function createOperatorSets(address avs, CreateSetParams[] calldata params) external;
        function createOperatorSets(address avs, CreateSetParamsV2[] calldata params) external;
        function createRedistributingOperatorSets(
            address avs,
            CreateSetParams[] calldata params,
            address[] calldata redistributionRecipients
        ) external;
        function createRedistributingOperatorSets(
            address avs,
            CreateSetParamsV2[] calldata params,
            address[] calldata redistributionRecipients
        ) external;
        function delegation() external view returns (address);
        function deregisterFromOperatorSets(DeregisterParams calldata params) external;
        function eigenStrategy() external view returns (address);
        function getAVSRegistrar(address avs) external view returns (address);
        function getAllocatableMagnitude(
            address operator,
            address strategy
        ) external view returns (uint64 allocatableMagnitude);
        function getAllocatedSets(address operator) external view returns (OperatorSet[] memory operatorSets);
        function getAllocatedStake(
            OperatorSet calldata operatorSet,
            address[] calldata operators,
            address[] calldata strategies
        ) external view returns (uint256[][] memory slashableStake);
        function getAllocatedStrategies(
            address operator,
            OperatorSet calldata operatorSet
        ) external view returns (address[] memory strategies);
        function getAllocation(
            address operator,
            OperatorSet calldata operatorSet,
            address strategy
        ) external view returns (Allocation memory allocation);
        function getAllocationDelay(address operator) external view returns (bool, uint32);
        function getAllocations(
            address[] calldata operators,
            OperatorSet calldata operatorSet,
            address strategy
        ) external view returns (Allocation[] memory allocations);
        function getEncumberedMagnitude(
            address operator,
            address strategy
        ) external view returns (uint64 encumberedMagnitude);
        function getMaxMagnitude(
            address operator,
            address strategy
        ) external view returns (uint64 maxMagnitude);
        function getMaxMagnitudes(
            address operator,
            address[] calldata strategies
        ) external view returns (uint64[] memory maxMagnitudes);
        function getMaxMagnitudes(
            address[] calldata operators,
            address strategy
        ) external view returns (uint64[] memory maxMagnitudes);
        function getMaxMagnitudesAtBlock(
            address operator,
            address[] calldata strategies,
            uint32 blockNumber
        ) external view returns (uint64[] memory maxMagnitudes);
        function getMemberCount(OperatorSet calldata operatorSet) external view returns (uint256 memberCount);
        function getMembers(
            OperatorSet calldata operatorSet
        ) external view returns (address[] memory operators);
        function getMinimumSlashableStake(
            OperatorSet calldata operatorSet,
            address[] calldata operators,
            address[] calldata strategies,
            uint32 futureBlock
        ) external view returns (uint256[][] memory slashableStake);
        function getOperatorSetCount(address avs) external view returns (uint256 count);
        function getPendingSlasher(
            OperatorSet calldata operatorSet
        ) external view returns (address pendingSlasher, uint32 effectBlock);
        function getRedistributionRecipient(OperatorSet calldata operatorSet) external view returns (address);
        function getRegisteredSets(
            address operator
        ) external view returns (OperatorSet[] memory operatorSets);
        function getSlashCount(OperatorSet calldata operatorSet) external view returns (uint256 slashCount);
        function getSlasher(OperatorSet calldata operatorSet) external view returns (address);
        function getStrategiesInOperatorSet(
            OperatorSet calldata operatorSet
        ) external view returns (address[] memory strategies);
        function getStrategyAllocations(
            address operator,
            address strategy
        ) external view returns (OperatorSet[] memory operatorSets, Allocation[] memory allocations);
        function initialize(uint256 initialPausedStatus) external;
        function isMemberOfOperatorSet(
            address operator,
            OperatorSet calldata operatorSet
        ) external view returns (bool result);
        function isOperatorRedistributable(address operator) external view returns (bool result);
        function isOperatorSet(OperatorSet calldata operatorSet) external view returns (bool result);
        function isOperatorSlashable(
            address operator,
            OperatorSet calldata operatorSet
        ) external view returns (bool);
        function isRedistributingOperatorSet(OperatorSet calldata operatorSet) external view returns (bool);
        function migrateSlashers(OperatorSet[] calldata operatorSets) external;
        function modifyAllocations(address operator, AllocateParams[] calldata params) external;
        function pause(uint256 newPausedStatus) external;
        function pauseAll() external;
        function paused() external view returns (uint256);
        function paused(uint8 index) external view returns (bool);
        function pauserRegistry() external view returns (address);
        function permissionController() external view returns (address);
        function registerForOperatorSets(address operator, RegisterParams calldata params) external;
        function removeStrategiesFromOperatorSet(
            address avs,
            uint32 operatorSetId,
            address[] calldata strategies
        ) external;
        function setAVSRegistrar(address avs, address registrar) external;
        function setAllocationDelay(address operator, uint32 delay) external;
        function slashOperator(
            address avs,
            SlashingParams calldata params
        ) external returns (uint256, uint256[] memory);
        function unpause(uint256 newPausedStatus) external;
        function updateAVSMetadataURI(address avs, string calldata metadataURI) external;
        function updateSlasher(OperatorSet calldata operatorSet, address slasher) external;
        function viewImplementation() external view returns (address);
    }
}

alloy_sol_types::sol! {
    /// What AllocationManager asks of a service's registrar.
    #[derive(Debug, PartialEq, Eq)]
    interface IAVSRegistrar {
        function registerOperator(
            address operator,
            address avs,
            uint32[] calldata operatorSetIds,
            bytes calldata data
        ) external;
        function deregisterOperator(address operator, address avs, uint32[] calldata operatorSetIds) external;
        function supportsAVS(address avs) external view returns (bool);
    }
}
