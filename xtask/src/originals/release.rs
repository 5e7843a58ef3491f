//! The verbs and views of the originals' release that differ from the pinned ABI in `types`, or are not there: the
//! AllocationManager of April 2025 as a whole, and AVSDirectory. Shapes as in the published interfaces.

#![allow(missing_docs, reason = "the members are those of the contracts compared with")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    interface IAllocations {
        struct OperatorSet {
            address avs;
            uint32 id;
        }
        struct Allocation {
            uint64 currentMagnitude;
            int128 pendingDiff;
            uint32 effectBlock;
        }
        struct AllocateParams {
            OperatorSet operatorSet;
            address[] strategies;
            uint64[] newMagnitudes;
        }
        struct CreateSetParams {
            uint32 operatorSetId;
            address[] strategies;
        }
        struct RegisterParams {
            address avs;
            uint32[] operatorSetIds;
            bytes data;
        }
        struct DeregisterParams {
            address operator;
            address avs;
            uint32[] operatorSetIds;
        }
        struct SlashingParams {
            address operator;
            uint32 operatorSetId;
            address[] strategies;
            uint256[] wadsToSlash;
            string description;
        }

        event MaxMagnitudeUpdated(address operator, address strategy, uint64 maxMagnitude);

        function ALLOCATION_CONFIGURATION_DELAY() external view returns (uint32);
        function DEALLOCATION_DELAY() external view returns (uint32);
        function delegation() external view returns (address);
        function getAVSRegistrar(address avs) external view returns (address);
        function getAllocatableMagnitude(address operator, address strategy) external view returns (uint64);
        function getAllocatedSets(address operator) external view returns (OperatorSet[] memory sets);
        function getAllocatedStake(OperatorSet calldata set, address[] calldata operators, address[] calldata strategies) external view returns (uint256[][] memory);
        function getAllocatedStrategies(address operator, OperatorSet calldata set) external view returns (address[] memory strategies);
        function getAllocation(address operator, OperatorSet calldata set, address strategy) external view returns (Allocation memory allocation);
        function getAllocationDelay(address operator) external view returns (bool isSet, uint32 delay);
        function getAllocations(address[] calldata operators, OperatorSet calldata set, address strategy) external view returns (Allocation[] memory);
        function getEncumberedMagnitude(address operator, address strategy) external view returns (uint64);
        function getMaxMagnitude(address operator, address strategy) external view returns (uint64);
        function getMaxMagnitudes(address operator, address[] calldata strategies) external view returns (uint64[] memory);
        function getMaxMagnitudes(address[] calldata operators, address strategy) external view returns (uint64[] memory);
        function getMaxMagnitudesAtBlock(address operator, address[] calldata strategies, uint32 blockNumber) external view returns (uint64[] memory);
        function getMemberCount(OperatorSet calldata set) external view returns (uint256);
        function getMembers(OperatorSet calldata set) external view returns (address[] memory members);
        function getMinimumSlashableStake(OperatorSet calldata set, address[] calldata operators, address[] calldata strategies, uint32 futureBlock) external view returns (uint256[][] memory);
        function getOperatorSetCount(address avs) external view returns (uint256);
        function getRegisteredSets(address operator) external view returns (OperatorSet[] memory sets);
        function getStrategiesInOperatorSet(OperatorSet calldata set) external view returns (address[] memory strategies);
        function getStrategyAllocations(address operator, address strategy) external view returns (OperatorSet[] memory sets, Allocation[] memory allocations);
        function isMemberOfOperatorSet(address operator, OperatorSet calldata set) external view returns (bool);
        function isOperatorSet(OperatorSet calldata set) external view returns (bool);
        function isOperatorSlashable(address operator, OperatorSet calldata set) external view returns (bool);
        function permissionController() external view returns (address);

        function addStrategiesToOperatorSet(address avs, uint32 operatorSetId, address[] calldata strategies) external;
        function clearDeallocationQueue(address operator, address[] calldata strategies, uint16[] calldata numToClear) external;
        function createOperatorSets(address avs, CreateSetParams[] calldata params) external;
        function deregisterFromOperatorSets(DeregisterParams calldata params) external;
        function modifyAllocations(address operator, AllocateParams[] calldata params) external;
        function registerForOperatorSets(address operator, RegisterParams calldata params) external;
        function removeStrategiesFromOperatorSet(address avs, uint32 operatorSetId, address[] calldata strategies) external;
        function setAVSRegistrar(address avs, address registrar) external;
        function setAllocationDelay(address operator, uint32 delay) external;
        function slashOperator(address avs, SlashingParams calldata params) external;
        function updateAVSMetadataURI(address avs, string calldata metadataURI) external;
    }

    #[derive(Debug, PartialEq, Eq)]
    interface IDirectory {
        struct SignatureWithSaltAndExpiry {
            bytes signature;
            bytes32 salt;
            uint256 expiry;
        }

        function OPERATOR_AVS_REGISTRATION_TYPEHASH() external view returns (bytes32);
        function OPERATOR_SET_FORCE_DEREGISTRATION_TYPEHASH() external view returns (bytes32);
        function OPERATOR_SET_REGISTRATION_TYPEHASH() external view returns (bytes32);
        function avsOperatorStatus(address avs, address operator) external view returns (uint8);
        function calculateOperatorAVSRegistrationDigestHash(address operator, address avs, bytes32 salt, uint256 expiry) external view returns (bytes32);
        function delegation() external view returns (address);
        function domainSeparator() external view returns (bytes32);
        function operatorSaltIsSpent(address operator, bytes32 salt) external view returns (bool);
        function version() external view returns (string memory);

        function cancelSalt(bytes32 salt) external;
        function deregisterOperatorFromAVS(address operator) external;
        function registerOperatorToAVS(address operator, SignatureWithSaltAndExpiry calldata signature) external;
        function updateAVSMetadataURI(string calldata metadataURI) external;
    }
}
