namespace Appliance.Crypto;

/// <summary>Which implementation of AES-GCM runs.</summary>
public enum AesGcmTier : byte
{
    /// <summary>System.Security.Cryptography.AesGcm: any processor.</summary>
    Bcl = 1,

    /// <summary>C# with AES-NI and PCLMULQDQ, of 256 bits where there.</summary>
    Managed = 2,

    /// <summary>C with VAES-512 and VPCLMULQDQ.</summary>
    Vaes = 3,
}
