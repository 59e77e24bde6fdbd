namespace Octet;

/// <summary>A quantization or a comparison in numbers.</summary>
public sealed record ReportInfo
{
    /// <summary>Samples that the calibration used; 0 in a comparison.</summary>
    public long CalibrationSamples { get; init; }

    /// <summary>Samples on which the errors were measured.</summary>
    public long MeasuredSamples { get; init; }

    /// <summary>Whether the measured samples were not used for calibration.</summary>
    public bool HeldOut { get; init; }

    /// <summary>Unreadable files, each named in a warning.</summary>
    public long SkippedFiles { get; init; }

    /// <summary>Share of the samples with the same largest output; null: not a classifier.</summary>
    public double? Agreement { get; init; }

    /// <summary>Samples with a label.</summary>
    public long LabelledSamples { get; init; }

    /// <summary>Share of the labelled samples that the float model has right; null without labels.</summary>
    public double? FloatTop1 { get; init; }

    /// <summary>Share of the labelled samples that the int8 model has right; null without labels.</summary>
    public double? Int8Top1 { get; init; }

    /// <summary>
    /// Share of the labelled samples whose class is among the float model's five best; null without labels.
    /// </summary>
    public double? FloatTop5 { get; init; }

    /// <summary>
    /// Share of the labelled samples whose class is among the int8 model's five best; null without labels.
    /// </summary>
    public double? Int8Top5 { get; init; }

    /// <summary>Constants of the float model, in bytes.</summary>
    public long FloatWeightBytes { get; init; }

    /// <summary>Constants of the int8 model, in bytes.</summary>
    public long Int8WeightBytes { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>
    /// One run of the network with all layers in int8; null unless <see cref="QuantizeOptions.FloatWhereFaster"/> kept
    /// some in float.
    /// </summary>
    public TimeSpan? Int8Time { get; init; }

    /// <summary>One run with the layers kept in float; null likewise.</summary>
    public TimeSpan? MixedTime { get; init; }

    /// <summary>Whether the quality is below a limit; a warning says which.</summary>
    public bool IsPoor { get; init; }

    /// <summary>
    /// The fastest run of the float network on one thread; null unless <see cref="QuantizeOptions.ReportDetails"/> asked
    /// for it.
    /// </summary>
    public TimeSpan? FloatRunTime { get; init; }

    /// <summary>The fastest run of the int8 network; null likewise.</summary>
    public TimeSpan? Int8RunTime { get; init; }

    /// <summary>What mixed precision cost and gained; null where the configuration did not ask for it.</summary>
    public MixedInfo? Mixed { get; init; }
}

/// <summary>What keeping layers in float for accuracy cost and gained.</summary>
/// <param name="Reached">Whether the budget holds.</param>
/// <param name="FloatMacShare">Share of the multiply-accumulates in float.</param>
/// <param name="AllInt8SqnrDb">At the outputs or before a final softmax, with no layer in float.</param>
/// <param name="SqnrDb">With those layers in float.</param>
/// <param name="AllInt8Drop">Of a classifier: share of the answers that are expected to change.</param>
/// <param name="Drop">The same with those layers in float.</param>
public sealed record MixedInfo(
    bool Reached, double FloatMacShare, double AllInt8SqnrDb, double SqnrDb, double AllInt8Drop, double Drop);

/// <summary>How far an output of the two models differs.</summary>
/// <param name="Name">The output.</param>
/// <param name="Cosine">Cosine of the angle between both, least over the samples.</param>
/// <param name="MeanCosine">The same, mean over the samples.</param>
/// <param name="SqnrDb">Signal-to-quantization-noise ratio over all samples.</param>
/// <param name="MaxAbsError">The largest difference.</param>
public sealed record OutputError(string Name, double Cosine, double MeanCosine, double SqnrDb, double MaxAbsError);

/// <summary>How far the output of a layer differs, over all measured samples.</summary>
public sealed record LayerError
{
    /// <summary>The layer.</summary>
    public required string Name { get; init; }

    /// <summary>The operator.</summary>
    public required string Operator { get; init; }

    /// <summary>How the range of its output was chosen.</summary>
    public required string Method { get; init; }

    /// <summary>Whether it computes in int8.</summary>
    public bool IsInt8 { get; init; }

    /// <summary>Cosine of the angle between both outputs.</summary>
    public double Cosine { get; init; }

    /// <summary>Signal-to-quantization-noise ratio.</summary>
    public double SqnrDb { get; init; }

    /// <summary>The largest difference.</summary>
    public double MaxAbsError { get; init; }

    /// <summary>Share of the output's values that lie outside the range.</summary>
    public double ClippedShare { get; init; }

    /// <summary>The range's lower end; 0 for a float layer.</summary>
    public float Low { get; init; }

    /// <summary>The range's upper end; 0 for a float layer.</summary>
    public float High { get; init; }

    /// <summary>
    /// Why it differs, in a word such as "clipping" or "inherited"; empty where there is nothing to say or
    /// <see cref="QuantizeOptions.ReportDetails"/> did not ask for it.
    /// </summary>
    public string Cause { get; init; } = "";

    /// <summary>The cause with the numbers that show it.</summary>
    public string CauseText { get; init; } = "";

    /// <summary>What to change in the configuration.</summary>
    public string Advice { get; init; } = "";

    /// <summary>Signal beside the error that the layer itself adds, as far as known; 200: none.</summary>
    public double OwnSqnrDb { get; init; }

    /// <summary>Of one run in float on one thread; null: not measured, or part of another layer's step.</summary>
    public TimeSpan? FloatTime { get; init; }

    /// <summary>Likewise in int8.</summary>
    public TimeSpan? Int8Time { get; init; }

    /// <summary>
    /// Equalization scaled the channels of the layer's output: errors and the range are in the scale of the int8
    /// network. Where two files are compared, float values are multiplied with the factor that fits each channel best.
    /// </summary>
    public bool IsEqualized { get; init; }
}

/// <summary>A layer that <see cref="QuantizeOptions.FloatWhereFaster"/> kept in float.</summary>
/// <param name="Name">The layer.</param>
/// <param name="Operator">The operator.</param>
/// <param name="FloatTime">Of the layer alone, without the change of types at its borders.</param>
/// <param name="Int8Time">Likewise.</param>
public sealed record KeptFloatLayer(string Name, string Operator, TimeSpan FloatTime, TimeSpan Int8Time);

/// <summary>A layer that "mixed" kept in float for accuracy.</summary>
/// <param name="Name">Its output.</param>
/// <param name="Operator">The operator.</param>
/// <param name="Macs">Multiply-accumulates of one run.</param>
/// <param name="GainedDb">At the outputs, where this layer alone is kept in float.</param>
public sealed record MixedLayer(string Name, string Operator, long Macs, double GainedDb);

/// <summary>A sample that the two networks see differently.</summary>
public sealed record SampleError
{
    /// <summary>The sample.</summary>
    public required string Name { get; init; }

    /// <summary>Whether both give the same class or, of a detector, all boxes match.</summary>
    public bool SameAnswer { get; init; }

    /// <summary>The least cosine of the outputs.</summary>
    public double Cosine { get; init; }

    /// <summary>The float network's class; null: not a classifier.</summary>
    public long? FloatClass { get; init; }

    /// <summary>The int8 network's class; null likewise.</summary>
    public long? Int8Class { get; init; }

    /// <summary>The value of the float network's class.</summary>
    public double FloatScore { get; init; }

    /// <summary>The value of the int8 network's class.</summary>
    public double Int8Score { get; init; }

    /// <summary>Boxes that the float network finds.</summary>
    public int FloatBoxCount { get; init; }

    /// <summary>Boxes that the int8 network finds.</summary>
    public int Int8BoxCount { get; init; }
}

/// <summary>
/// How the boxes of two detectors fit, over all measured samples. A box is matched with the one of the other network
/// that overlaps it most, by an intersection over union (IoU) of at least 0.5.
/// </summary>
public sealed record DetectionError
{
    /// <summary>As what the boxes were read.</summary>
    public BoxKind Boxes { get; init; }

    /// <summary>What is below is no detection.</summary>
    public double ScoreThreshold { get; init; }

    /// <summary>Found by the float network.</summary>
    public long FloatBoxes { get; init; }

    /// <summary>Found by the int8 network.</summary>
    public long Int8Boxes { get; init; }

    /// <summary>Found by both.</summary>
    public long Matched { get; init; }

    /// <summary>Samples in which all boxes match.</summary>
    public long SameSamples { get; init; }

    /// <summary>Mean IoU of the matched boxes; 0: there are none.</summary>
    public double MeanIou { get; init; }

    /// <summary>The least IoU of the matched boxes.</summary>
    public double LeastIou { get; init; }

    /// <summary>Mean magnitude of the difference of the scores of matched boxes.</summary>
    public double MeanScoreError { get; init; }

    /// <summary>The largest one.</summary>
    public double MaxScoreError { get; init; }
}
