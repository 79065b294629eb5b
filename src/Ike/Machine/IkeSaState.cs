namespace Appliance.Ike.Machine;

/// <summary>Where an IKE SA stands in its life.</summary>
internal enum IkeSaState
{
    /// <summary>IKE_SA_INIT to IKE_AUTH: nobody has proven anything.</summary>
    Connecting,

    /// <summary>In use.</summary>
    Established,

    /// <summary>In use, and being replaced.</summary>
    Rekeying,

    /// <summary>Its deletion is under way: nothing new begins on it.</summary>
    Deleting,

    /// <summary>The peer failed to prove who it is: only the answer that says so is kept for a while.</summary>
    Refused,

    /// <summary>Gone from the table.</summary>
    Dead,
}
